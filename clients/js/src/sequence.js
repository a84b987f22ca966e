/**
 * Where in the event sequence of a connection we are. Events count from 1; a repeated one is
 * dropped, a jump is a gap that the application must be told about.
 */
export class EventSequence {
  #last = 0;

  /** The last number seen, which is what a resumed connection continues from. */
  get last() {
    return this.#last;
  }

  /** A connection that was not resumed counts from the beginning. */
  restart() {
    this.#last = 0;
  }

  /**
   * Takes the next event.
   *
   * @param {unknown} seq the number of the event; absent for events outside the count
   * @returns {{repeated: boolean, gap: {expected: number, received: number} | null}}
   */
  accept(seq) {
    if (!Number.isSafeInteger(seq) || seq <= 0) {
      return { repeated: false, gap: null };
    }
    if (seq <= this.#last) {
      return { repeated: true, gap: null };
    }
    const expected = this.#last + 1;
    this.#last = seq;
    return { repeated: false, gap: seq === expected ? null : { expected, received: seq } };
  }
}
