/**
 * When to try again. The delay doubles from `minDelayMs` to `maxDelayMs`; half of it is random, so
 * that the clients of a hub that went away do not come back in step. A hub that said when it will
 * be back (a restart, "try again later", `retryAfterMs`) is believed for the first attempt.
 */
export class Backoff {
  #attempt = 0;

  /**
   * @param {{minDelayMs?: number, maxDelayMs?: number, maxAttempts?: number}} [options]
   * @param {() => number} [random] in [0, 1)
   */
  constructor({ minDelayMs = 1000, maxDelayMs = 30_000, maxAttempts = Infinity } = {}, random = Math.random) {
    this.minDelayMs = minDelayMs;
    this.maxDelayMs = maxDelayMs;
    this.maxAttempts = maxAttempts;
    this.random = random;
  }

  /** Attempts made since the last reset. */
  get attempt() {
    return this.#attempt;
  }

  get exhausted() {
    return this.#attempt >= this.maxAttempts;
  }

  /**
   * Counts one more attempt.
   *
   * @param {number | undefined} hintMs what the hub said, or undefined
   * @returns {number} milliseconds to wait before it
   */
  next(hintMs) {
    const step = Math.min(this.maxDelayMs, this.minDelayMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    if (hintMs !== undefined) {
      return Math.min(this.maxDelayMs, hintMs) + this.random() * Math.min(250, step);
    }
    return step / 2 + (this.random() * step) / 2;
  }

  reset() {
    this.#attempt = 0;
  }
}
