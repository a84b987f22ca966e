/**
 * The frames of RFC 6455 as a client sees them: what it sends is masked, what it receives is not.
 * No extension is ever negotiated, so every reserved bit is an error.
 */
import { randomFillSync } from 'node:crypto';

export const OPCODE = Object.freeze({ CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 });

const MAX_CONTROL_PAYLOAD = 125;
const MAX_FRAGMENTS = 16_384;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A violation by the peer; `closeCode` is what to close the connection with. */
export class WebSocketFault extends Error {
  constructor(closeCode, message) {
    super(message);
    this.name = 'WebSocketFault';
    this.closeCode = closeCode;
  }
}

const masks = Buffer.alloc(4096);
let nextMask = masks.length;

function takeMask() {
  if (nextMask === masks.length) {
    randomFillSync(masks);
    nextMask = 0;
  }
  nextMask += 4;
  return masks.subarray(nextMask - 4, nextMask);
}

/**
 * One masked frame with FIN set (section 5.2).
 *
 * @param {number} opcode
 * @param {Uint8Array} payload is left as it is
 */
export function encodeFrame(opcode, payload) {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extended + 4;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = 0x80 | opcode;
  if (extended === 0) {
    frame[1] = 0x80 | length;
  } else if (extended === 2) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 0x80 | 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  const mask = takeMask();
  frame.set(mask, start - 4);
  for (let i = 0; i < length; i++) {
    frame[start + i] = payload[i] ^ mask[i & 3];
  }
  return frame;
}

/** The payload of a close frame (section 5.5.1). */
export function encodeClose(code, reason) {
  const text = Buffer.from(reason, 'utf8');
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}

function decodeClose(payload) {
  if (payload.length === 0) {
    return { code: 1005, reason: '' };
  }
  if (payload.length === 1) {
    throw new WebSocketFault(1002, 'a close frame with one byte of payload');
  }
  const code = payload.readUInt16BE(0);
  const defined = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  if (!defined && (code < 3000 || code > 4999)) {
    throw new WebSocketFault(1002, `close code ${code} must not be sent`);
  }
  return { code, reason: decodeText(payload.subarray(2)) };
}

function decodeText(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new WebSocketFault(1007, 'text that is not UTF-8');
  }
}

/** Bytes that have arrived and are not read yet. */
class Inbox {
  #chunks = [];
  length = 0;

  push(chunk) {
    if (chunk.length > 0) {
      this.#chunks.push(chunk);
      this.length += chunk.length;
    }
  }

  /** The next `size` bytes; there must be as many. */
  take(size) {
    this.length -= size;
    const first = this.#chunks[0];
    if (size === 0) {
      return Buffer.alloc(0);
    }
    if (first.length > size) {
      this.#chunks[0] = first.subarray(size);
      return first.subarray(0, size);
    }
    if (first.length === size) {
      return this.#chunks.shift();
    }
    const bytes = Buffer.allocUnsafe(size);
    let at = 0;
    let used = 0;
    while (at < size) {
      const chunk = this.#chunks[used];
      const part = Math.min(chunk.length, size - at);
      chunk.copy(bytes, at, 0, part);
      at += part;
      if (part === chunk.length) {
        used += 1;
      } else {
        this.#chunks[used] = chunk.subarray(part);
      }
    }
    this.#chunks.splice(0, used);
    return bytes;
  }
}

/**
 * Reads frames from bytes that arrive in any pieces and joins fragments to messages. Its memory is
 * bounded: no message above `maxPayload` bytes, no more than 16384 fragments in one.
 */
export class FrameReader {
  #inbox = new Inbox();
  #maxPayload;
  #head = null;
  #opcode = 0;
  #fragments = [];
  #size = 0;

  constructor(maxPayload) {
    this.#maxPayload = maxPayload;
  }

  push(chunk) {
    this.#inbox.push(chunk);
  }

  /**
   * The next whole message or control frame, or null until more bytes arrive.
   *
   * @returns {{type: 'text', text: string} | {type: 'binary' | 'ping' | 'pong', data: Buffer}
   *     | {type: 'close', code: number, reason: string} | null}
   * @throws {WebSocketFault} after which the reader must not be used
   */
  next() {
    for (;;) {
      this.#head ??= this.#readHead();
      if (this.#head === null || this.#inbox.length < this.#head.length) {
        return null;
      }
      const { fin, opcode, length } = this.#head;
      this.#head = null;
      const payload = this.#inbox.take(length);
      const message = opcode >= 8 ? control(opcode, payload) : this.#data(fin, opcode, payload);
      if (message !== null) {
        return message;
      }
    }
  }

  #readHead() {
    const inbox = this.#inbox;
    if (inbox.length < 2) {
      return null;
    }
    const head = inbox.take(2);
    const short = head[1] & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (inbox.length < extended) {
      this.#unread(head);
      return null;
    }
    const fin = (head[0] & 0x80) !== 0;
    const opcode = head[0] & 0x0f;
    checkHead(head, fin, opcode, short);
    const length = extended === 0 ? short : readLength(inbox.take(extended));
    this.#checkSequence(opcode, length);
    return { fin, opcode, length };
  }

  #unread(head) {
    const rest = this.#inbox.take(this.#inbox.length);
    this.#inbox.push(Buffer.concat([head, rest]));
  }

  #checkSequence(opcode, length) {
    if (opcode >= 8) {
      return;
    }
    const open = this.#opcode !== 0;
    if (opcode === OPCODE.CONTINUATION && !open) {
      throw new WebSocketFault(1002, 'a continuation frame without a start');
    }
    if (opcode !== OPCODE.CONTINUATION && open) {
      throw new WebSocketFault(1002, 'a new message inside a fragmented one');
    }
    if (this.#size + length > this.#maxPayload) {
      throw new WebSocketFault(1009, `a message of more than ${this.#maxPayload} bytes`);
    }
  }

  #data(fin, opcode, payload) {
    if (opcode !== OPCODE.CONTINUATION) {
      this.#opcode = opcode;
    }
    if (payload.length > 0) {
      this.#fragments.push(payload);
      this.#size += payload.length;
    }
    if (this.#fragments.length > MAX_FRAGMENTS) {
      throw new WebSocketFault(1009, `a message of more than ${MAX_FRAGMENTS} fragments`);
    }
    if (!fin) {
      return null;
    }
    const data = this.#fragments.length === 1 ? this.#fragments[0] : Buffer.concat(this.#fragments);
    const text = this.#opcode === OPCODE.TEXT;
    this.#opcode = 0;
    this.#fragments = [];
    this.#size = 0;
    return text ? { type: 'text', text: decodeText(data) } : { type: 'binary', data };
  }
}

function checkHead(head, fin, opcode, short) {
  if ((head[0] & 0x70) !== 0) {
    throw new WebSocketFault(1002, 'a reserved bit is set');
  }
  if ((opcode > 2 && opcode < 8) || opcode > 10) {
    throw new WebSocketFault(1002, `opcode ${opcode} is reserved`);
  }
  if ((head[1] & 0x80) !== 0) {
    throw new WebSocketFault(1002, 'a server must not mask its frames');
  }
  if (opcode >= 8 && (!fin || short > MAX_CONTROL_PAYLOAD)) {
    throw new WebSocketFault(1002, 'a control frame that is fragmented or longer than 125 bytes');
  }
}

function readLength(bytes) {
  const length = bytes.length === 2 ? bytes.readUInt16BE(0) : Number(bytes.readBigUInt64BE(0));
  if (length < 126 || (bytes.length === 8 && length < 65_536)) {
    throw new WebSocketFault(1002, 'a length that is not in its shortest form');
  }
  return length;
}

function control(opcode, payload) {
  if (opcode === OPCODE.CLOSE) {
    return { type: 'close', ...decodeClose(payload) };
  }
  return { type: opcode === OPCODE.PING ? 'ping' : 'pong', data: payload };
}
