import { ParleyError } from './errors.js';
import { tooLarge } from './requests.js';
import { Signal } from './signal.js';

/** Bytes in the socket above which `chunk` waits. */
const HIGH_WATER = 1 << 20;
const DRAIN_POLL_MS = 5;

/** Bytes of chunks of one message that may wait until its caller takes them. */
const MAX_WAITING = 8 << 20;

/**
 * One message while an agent handles it: its chunks on their way out in order, as many as the
 * caller takes, then its answer. It belongs to the link that delivered it: when that is lost, nobody waits for the answer any more.
 */
export class Delivery {
  /** The id of the request that delivered the message; answer, chunks and cancellation name it. */
  id;

  /** The params of `agent.deliver`. */
  message;

  #link;
  #controller = new AbortController();
  #tail = Promise.resolve();
  #credit;
  #credited = new Signal();
  #waiting = 0;

  /**
   * @param {object} frame the `agent.deliver` request
   * @param {import('./link.js').Link} link
   */
  constructor({ id, params }, link) {
    this.id = id;
    const { credit = Infinity, ...message } = params;
    this.message = message;
    this.#credit = credit;
    this.#link = link;
  }

  get signal() {
    return this.#controller.signal;
  }

  cancel(error) {
    this.#controller.abort(error);
    this.#credited.notify();
  }

  /** The caller takes so many chunks more. */
  grant(credit) {
    this.#credit += credit;
    this.#credited.notify();
  }

  /**
   * Sends one piece of the reply, after those before it; a message that is no stream gets none.
   *
   * @returns {Promise<void>} when it has gone, which it does when the caller takes it, and there is
   *     room for the next one
   * @throws {ParleyError} `payload_too_large`, `rate_limited` when too much waits, or why the message was cancelled
   */
  chunk(payload = null) {
    if (this.message.kind !== 'stream') {
      return Promise.resolve();
    }
    const event = { type: 'event', event: 'agent.chunk', payload: { id: this.id, payload } };
    const text = JSON.stringify(event);
    if (this.#waiting > 0 && this.#waiting + text.length > MAX_WAITING) {
      return Promise.reject(tooMuchWaits());
    }
    this.#waiting += text.length;
    const sent = this.#tail
      .then(() => this.#credits())
      .then(() => this.#send('agent.chunk', text))
      .finally(() => {
        this.#waiting -= text.length;
      });
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

  async #credits() {
    while (this.#credit === 0 && !this.signal.aborted) {
      await this.#credited.wait();
    }
    this.#credit -= 1;
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

function tooMuchWaits() {
  return new ParleyError(
    'rate_limited',
    `more than ${MAX_WAITING} bytes of chunks wait for their caller: await each chunk`,
    { details: { limit: 'waiting_chunks', max: MAX_WAITING }, retryable: true },
  );
}

/** What the caller is told of a handler that threw: its own ParleyError, else no inner details. */
export function failureOf(thrown) {
  return thrown instanceof ParleyError
    ? thrown
    : new ParleyError('agent_failed', 'the agent failed while it handled the message');
}
