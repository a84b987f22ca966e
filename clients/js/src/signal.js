/** Lets any number of readers wait for the next change. */
export class Signal {
  #waiting = null;
  #wake = null;

  wait() {
    this.#waiting ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#waiting;
  }

  notify() {
    this.#wake?.();
    this.#waiting = this.#wake = null;
  }
}
