import { Delivery, failureOf } from './delivery.js';
import { ParleyError } from './errors.js';
import { HandledMessages } from './handled-messages.js';
import { Hub } from './hub.js';
import { Signal } from './signal.js';

/** How many messages an agent takes at once unless it says otherwise. */
const DEFAULT_WINDOW = 32;

/** How many sent messages an agent remembers unless it says otherwise. */
const DEFAULT_REMEMBERED = 10_000;

/**
 * A process that is an agent: it takes the messages that the hub delivers, at most `window` at
 * once, and answers each with what its handler returns.
 */
export class Agent {
  /** The connection, for requests and events of any kind. */
  hub;

  #id;
  #onError;
  #handler;
  #handled;
  #link;
  #idle = new Signal();
  #running = new Map();
  #draining = false;

  /** See `serveAgent` in index.d.ts. */
  static async serve(urls, options, handler) {
    const {
      agent: id,
      window = DEFAULT_WINDOW,
      remembered = DEFAULT_REMEMBERED,
      onError = report,
      ...connectOptions
    } = options;
    if (typeof handler !== 'function') {
      throw new TypeError('serveAgent needs a function that handles a message');
    }
    const agent = new Agent(id, { onError, remembered }, handler);
    await Hub.open(urls, connectOptions, {
      connect: { role: 'agent', agent: id, window },
      attach: (hub, link) => agent.#attach(hub, link),
      onRequest: (frame) => agent.#request(frame),
    });
    return agent;
  }

  /** Use `serveAgent`. */
  constructor(id, { onError, remembered }, handler) {
    this.#id = id;
    this.#onError = onError;
    this.#handler = handler;
    this.#handled = new HandledMessages(remembered);
  }

  /** `tenant/agent`. */
  get address() {
    return `${this.hub.hello.auth.tenant}/${this.#id}`;
  }

  /** How many messages are being handled. */
  get running() {
    return this.#running.size;
  }

  on(name, listener) {
    return this.hub.on(name, listener);
  }

  off(name, listener) {
    this.hub.off(name, listener);
  }

  /**
   * Handles no more messages, lets those under way finish for `drainMs`, then closes for good. The
   * callers of messages that came meanwhile see `agent_offline`, which they may try again.
   *
   * @param {{drainMs?: number}} [options] default 0: what is under way is cancelled
   */
  async close({ drainMs = 0 } = {}) {
    this.#draining = true;
    const deadline = Date.now() + drainMs;
    while (this.#running.size > 0 && Date.now() < deadline) {
      let timer;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, deadline - Date.now());
      });
      await Promise.race([this.#idle.wait(), late]);
      clearTimeout(timer);
    }
    this.hub.close();
  }

  #attach(hub, link) {
    this.hub = hub;
    this.#link = link;
    hub.on('agent.cancelled', (cancelled) => this.#cancelled(cancelled));
    hub.on('stream.credit', ({ id, credit }) => this.#running.get(id)?.grant(credit));
    hub.on('disconnect', (error) => this.#dropAll(error));
    hub.on('close', (error) => this.#dropAll(error));
  }

  #request(frame) {
    const link = this.#link();
    if (frame.method !== 'agent.deliver') {
      refuse(link, frame, new ParleyError('invalid_request', `unknown method: ${frame.method}`));
    } else if (!this.#draining) {
      this.#handle(new Delivery(frame, link));
    }
  }

  async #handle(delivery) {
    this.#running.set(delivery.id, delivery);
    try {
      const reply = await this.#outcome(delivery);
      await delivery.reply(reply);
    } catch (error) {
      await this.#failed(delivery, error);
    } finally {
      this.#forget(delivery);
    }
  }

  #outcome(delivery) {
    const { message } = delivery;
    const handle = async () => this.#handler(message, this.#context(delivery));
    return message.kind === 'send' ? this.#handled.once(message.id, handle) : handle();
  }

  async #failed(delivery, error) {
    if (delivery.signal.aborted) {
      return;
    }
    const answered = delivery.fail(failureOf(error)).catch((unsent) => {
      if (!delivery.signal.aborted) {
        this.#onError(unsent, delivery.message);
      }
    });
    this.#onError(error, delivery.message);
    await answered;
  }

  #context(delivery) {
    const { hub } = this;
    const { message, signal } = delivery;
    const within = (options = {}) => ({
      ...options,
      parent: message.id,
      signal: [signal, ...[options.signal].flat()],
    });
    return {
      hub,
      message,
      signal,
      chunk: (payload) => delivery.chunk(payload),
      call: (to, payload, options) => hub.call(to, payload, within(options)),
      stream: (to, payload, options) => hub.stream(to, payload, within(options)),
    };
  }

  #cancelled({ id, reason, code = 'cancelled' }) {
    const delivery = this.#running.get(id);
    if (delivery !== undefined) {
      const details = { id: delivery.message.id, reason };
      this.#drop(delivery, new ParleyError(code.toLowerCase(), `the message was cancelled: ${reason}`, { details }));
    }
  }

  #dropAll(error) {
    for (const delivery of [...this.#running.values()]) {
      this.#drop(delivery, error);
    }
  }

  #drop(delivery, error) {
    this.#forget(delivery);
    delivery.cancel(error);
  }

  #forget(delivery) {
    if (this.#running.delete(delivery.id)) {
      this.#idle.notify();
    }
  }
}

function refuse(link, { id }, error) {
  link.send(JSON.stringify({ type: 'res', id, ok: false, error: error.toWire() }));
}

function report(error, message) {
  console.error(`parley: the handler failed on message ${message.id} from ${message.from}`, error);
}
