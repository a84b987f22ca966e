const PASSING = new Set(['unavailable', 'agent_offline']);
const MAX_REPEATS = 10;
const MAX_REST_MS = 1_000;

/**
 * Requests that the hub refused in passing and that are sent again a little later: those that do
 * their work once however often they are sent. Bounded by the requests that were under way.
 */
export class Resting {
  #entries = new Map();
  #onRested;

  /** @param {(entry: object) => void} onRested takes a request that is to be sent again */
  constructor(onRested) {
    this.#onRested = onRested;
  }

  /** Keeps a request, if sending it again may help; its own time-out goes on. */
  keep(entry, { code, retryAfterMs = 0 }) {
    const repeats = (entry.repeats ?? 0) + 1;
    if (!entry.repeatable || !PASSING.has(code) || retryAfterMs <= 0 || repeats > MAX_REPEATS) {
      return false;
    }
    entry.repeats = repeats;
    const restMs = Math.min(MAX_REST_MS, retryAfterMs) * (0.5 + Math.random() / 2);
    const rested = setTimeout(() => this.#onRested(this.take(entry.id)), restMs);
    this.#entries.set(entry.id, { entry, rested });
    return true;
  }

  take(id) {
    const kept = this.#entries.get(id);
    this.#entries.delete(id);
    clearTimeout(kept?.rested);
    return kept?.entry;
  }

  takeAll() {
    return [...this.#entries.keys()].map((id) => this.take(id));
  }
}
