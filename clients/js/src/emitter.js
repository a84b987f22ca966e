import { rethrowLater } from './errors.js';

/** Named events with any number of listeners; a listener that throws does not stop the others. */
export class Emitter {
  #listeners = new Map();

  /**
   * @param {string} name
   * @param {(payload: any) => void} listener
   * @returns {() => void} removes the listener
   */
  on(name, listener) {
    if (typeof listener !== 'function') {
      throw new TypeError(`the listener of ${name} must be a function`);
    }
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => this.off(name, listener);
  }

  off(name, listener) {
    const listeners = this.#listeners.get(name);
    if (listeners?.delete(listener) && listeners.size === 0) {
      this.#listeners.delete(name);
    }
  }

  emit(name, payload) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(payload);
      } catch (error) {
        rethrowLater(error);
      }
    }
  }

  clear() {
    this.#listeners.clear();
  }
}
