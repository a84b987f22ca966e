import { ParleyError } from './errors.js';
import { tooLarge } from './requests.js';

/** Bytes in the socket above which `chunk` waits. */
const HIGH_WATER = 1 << 20;
const DRAIN_POLL_MS = 5;

/**
 * One message while an agent handles it: its chunks on their way out in order, then its answer. It
 * belongs to the link that delivered it: when that is lost, nobody waits for the answer any more.
 */
export class Delivery {
  /** The id of the request that delivered the message; answer, chunks and cancellation name it. */
  id;

  /** The params of `agent.deliver`. */
  message;

  #link;
  #controller = new AbortController();
  #tail = Promise.resolve();

  /**
   * @param {object} frame the `agent.deliver` request
   * @param {import('./link.js').Link} link
   */
  constructor({ id, params }, link) {
    this.id = id;
    this.message = params;
    this.#link = link;
  }

  get signal() {
    return this.#controller.signal;
  }

  cancel(error) {
    this.#controller.abort(error);
  }

  /**
   * Sends one piece of the reply, after those before it; a message that is no stream gets none.
   *
   * @returns {Promise<void>} when there is room for the next one
   * @throws {ParleyError} `payload_too_large`, or why the message was cancelled
   */
  chunk(payload = null) {
    if (this.message.kind !== 'stream') {
      return Promise.resolve();
    }
    const event = { type: 'event', event: 'agent.chunk', payload: { id: this.id, payload } };
    const text = JSON.stringify(event);
    const sent = this.#tail.then(() => this.#send('agent.chunk', text));
    this.#tail = sent.catch(() => {});
    return sent;
  }

  /** Sends the reply, after all chunks. */
  async reply(payload = null) {
    await this.#tail;
    await this.#send('the reply', JSON.stringify({ type: 'res', id: this.id, ok: true, payload }));
  }

  /** Sends a failure instead of a reply. */
  async fail(error) {
    await this.#tail;
    const frame = { type: 'res', id: this.id, ok: false, error: error.toWire() };
    await this.#send('the error', JSON.stringify(frame));
  }

  async #send(method, text) {
    this.signal.throwIfAborted();
    const refusal = tooLarge({ method, text }, this.#link);
    if (refusal !== null) {
      throw refusal;
    }
    this.#link.send(text);
    while (this.#link.bufferedAmount > HIGH_WATER && !this.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }
}

/** What the caller is told of a handler that threw: its own ParleyError, else no inner details. */
export function failureOf(thrown) {
  return thrown instanceof ParleyError
    ? thrown
    : new ParleyError('agent_failed', 'the agent failed while it handled the message');
}
