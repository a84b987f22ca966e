/**
 * The one error of the SDK. `code` is the stable lower-case name of the protocol (`not_found`,
 * `rate_limited`, …); three more are made by the SDK itself: `closed` (this hub object is closed
 * for good), `unavailable` with `details.closeCode` (the connection was lost), and
 * `limit_exceeded` with `details.limit` (a bound of the SDK).
 */
export class ParleyError extends Error {
  /**
   * @param {string} code stable name, lower case
   * @param {string} message what happened, with which value, what to do
   * @param {{details?: object, retryable?: boolean, retryAfterMs?: number, cause?: unknown}} [more]
   */
  constructor(code, message, { details = {}, retryable = false, retryAfterMs, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ParleyError';
    this.code = code;
    this.details = details;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * Reads the error object of a response frame or of a REST body.
   *
   * @param {unknown} wire `{code, message, details?, retryable?, retryAfterMs?}`
   * @param {string} fallback the message when there is none
   */
  static fromWire(wire, fallback = 'the hub refused the request and gave no reason') {
    const error = wire !== null && typeof wire === 'object' ? wire : {};
    const code = typeof error.code === 'string' && error.code ? error.code : 'internal';
    const text = typeof error.message === 'string' && error.message ? error.message : fallback;
    return new ParleyError(code.toLowerCase(), text, {
      details: error.details !== null && typeof error.details === 'object' ? error.details : {},
      retryable: error.retryable === true,
      retryAfterMs: Number.isFinite(error.retryAfterMs) ? error.retryAfterMs : undefined,
    });
  }

  /** The error object of a response frame. */
  toWire() {
    const wire = {
      code: this.code.toUpperCase(),
      message: this.message,
      details: this.details,
      retryable: this.retryable,
    };
    if (this.retryAfterMs !== undefined) {
      wire.retryAfterMs = this.retryAfterMs;
    }
    return wire;
  }
}

/**
 * The connection went away before an answer.
 *
 * @param {{code: number, reason: string}} close
 */
export function connectionLost({ code, reason }) {
  return new ParleyError('unavailable', `the connection was lost (${describeClose(code, reason)})`, {
    details: { closeCode: code, reason },
    retryable: true,
  });
}

/**
 * What serves a hub's URL could not be reached, or refused. Browsers hide from pages which it was, so
 * a page is told both.
 *
 * @param {string} url
 * @param {string} why
 * @param {{details?: object, cause?: unknown}} [more]
 */
export function unreachable(url, why, { details = {}, cause } = {}) {
  const origin = globalThis.location?.origin;
  const hint =
    origin === undefined
      ? ''
      : `; a page is not told why: is the hub up, and does it allow pages of ${origin} (--allow-origin)?`;
  return new ParleyError('unavailable', `cannot connect to ${url}: ${why}${hint}`, {
    details: { ...details, url, ...(origin === undefined ? {} : { origin }) },
    retryable: true,
    cause,
  });
}

/** A close code with its reason, for messages. */
export function describeClose(code, reason) {
  return reason ? `close code ${code}: ${reason}` : `close code ${code}`;
}

/** Throws what a listener threw outside of our call stack, as DOM event targets do. */
export function rethrowLater(error) {
  queueMicrotask(() => {
    throw error;
  });
}
