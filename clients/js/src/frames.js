/** The frames of the protocol: one JSON object in one text frame, `req`, `res` or `event`. */

export const PROTOCOL = 4;

const ENCODER = new TextEncoder();

/** Length of `text` in UTF-8, which is what the hub counts. */
export function byteLength(text) {
  return ENCODER.encode(text).length;
}

/**
 * Reads a frame.
 *
 * @param {unknown} data what the socket delivered
 * @returns {object | null} null for what is no frame: it is dropped, and if it was an event its
 *     missing sequence number shows
 */
export function decodeFrame(data) {
  if (typeof data !== 'string') {
    return null;
  }
  let frame;
  try {
    frame = JSON.parse(data);
  } catch {
    return null;
  }
  return isFrame(frame) ? frame : null;
}

function isFrame(frame) {
  if (frame === null || typeof frame !== 'object') {
    return false;
  }
  switch (frame.type) {
    case 'res':
      return isName(frame.id) && typeof frame.ok === 'boolean';
    case 'event':
      return isName(frame.event);
    case 'req':
      return isName(frame.id) && isName(frame.method);
    default:
      return false;
  }
}

function isName(value) {
  return typeof value === 'string' && value.length > 0;
}
