/**
 * The sent messages that an agent handles or has handled lately. A hub delivers one again when it
 * did not see the acknowledgement; its handler then sees it once for as long as it is remembered.
 */
export class HandledMessages {
  #most;
  #outcomes = new Map();

  /** @param {number} most how many are remembered, the oldest go first; 0 remembers none */
  constructor(most) {
    this.#most = most;
  }

  /**
   * The outcome of a message, handled by `handle` unless it was before. One that failed is not
   * remembered.
   *
   * @template T
   * @param {string} id
   * @param {() => Promise<T>} handle
   * @returns {Promise<T>}
   */
  once(id, handle) {
    const known = this.#outcomes.get(id);
    if (known !== undefined) {
      return known;
    }
    const outcome = handle();
    this.#outcomes.set(id, outcome);
    outcome.catch(() => {
      if (this.#outcomes.get(id) === outcome) {
        this.#outcomes.delete(id);
      }
    });
    while (this.#outcomes.size > this.#most) {
      this.#outcomes.delete(this.#outcomes.keys().next().value);
    }
    return outcome;
  }
}
