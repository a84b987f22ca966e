import { ParleyError } from './errors.js';
import { tooLarge } from './requests.js';

/** Bytes in the socket above which `chunk` waits. */
const HIGH_WATER = 1 << 20;
const DRAIN_POLL_MS = 5;

/**
 * One message while an agent handles it: its chunks on their way out in order, then its answer.
 * It outlives a lost connection that is resumed: what it has to say waits for the next one.
 */
export class Delivery {
  /** The id of the request that the answer is for; the hub's newest when it delivers again. */
  requestId;

  #link;
  #linked;
  #controller = new AbortController();
  #tail = Promise.resolve();

  /**
   * @param {object} frame the `agent.deliver` request
   * @param {() => import('./link.js').Link | null} link the connection of the moment
   * @param {() => Promise<void>} linked resolves when there may be a connection
   */
  constructor({ id, params }, link, linked) {
    this.requestId = id;
    this.message = params;
    this.#link = link;
    this.#linked = linked;
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
    const event = { type: 'event', event: 'agent.chunk', payload: { id: this.message.id, payload } };
    const text = JSON.stringify(event);
    const sent = this.#tail.then(() => this.#send('agent.chunk', text));
    this.#tail = sent.catch(() => {});
    return sent;
  }

  /** Sends the reply, after all chunks. */
  async reply(payload = null) {
    await this.#tail;
    const frame = () => JSON.stringify({ type: 'res', id: this.requestId, ok: true, payload });
    await this.#send('the reply', frame(), frame);
  }

  /** Sends a failure instead of a reply. */
  async fail(error) {
    await this.#tail;
    const frame = () =>
      JSON.stringify({ type: 'res', id: this.requestId, ok: false, error: error.toWire() });
    await this.#send('the error', frame(), frame);
  }

  async #send(what, text, refreshed = () => text) {
    while (!this.signal.aborted && this.#link() === null) {
      await this.#linked();
    }
    this.signal.throwIfAborted();
    const link = this.#link();
    const frame = refreshed();
    const refusal = tooLarge({ method: what, text: frame }, link);
    if (refusal !== null) {
      throw refusal;
    }
    link.send(frame);
    while (link.open && link.bufferedAmount > HIGH_WATER && !this.signal.aborted) {
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
