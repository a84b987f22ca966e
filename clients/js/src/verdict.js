/**
 * Whether a lost or refused connection is worth trying again. The rules are the hub's own: of its
 * close codes only 1012 and 1013 ask a client to come back, and a network failure (1006, or our
 * own watchdog) always does. 1008 means not authenticated, revoked, suspended or too slow; trying
 * again would be the same.
 */
const FINAL_CLOSE_CODES = new Set([1000, 1002, 1003, 1007, 1008, 1009]);
const COME_BACK_SOON = new Set([1012, 1013]);
const FINAL_ERRORS = new Set(['unauthorized', 'forbidden', 'invalid_request', 'not_found']);

/** The longest wait before coming back to a hub that restarts and does not say how long. */
const SOON_MS = 250;

export function isFinalClose(code) {
  return FINAL_CLOSE_CODES.has(code);
}

/** @param {import('./errors.js').ParleyError} error why a handshake failed */
export function isFinalRefusal(error) {
  if (error.details.closeCode !== undefined) {
    return isFinalClose(error.details.closeCode);
  }
  return !error.retryable && FINAL_ERRORS.has(error.code);
}

/**
 * How long the hub asked us to wait, or undefined when it did not.
 *
 * @param {number | undefined} closeCode
 * @param {number | undefined} restartExpectedMs from its shutdown event
 */
export function returnHint(closeCode, restartExpectedMs) {
  if (restartExpectedMs !== undefined) {
    return restartExpectedMs;
  }
  return COME_BACK_SOON.has(closeCode) ? SOON_MS : undefined;
}
