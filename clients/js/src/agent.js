import { Delivery, failureOf } from './delivery.js';
import { ParleyError } from './errors.js';
import { Hub } from './hub.js';
import { Signal } from './signal.js';

/** How many messages an agent takes at once unless it says otherwise. */
const DEFAULT_WINDOW = 32;

/**
 * A process that is an agent: it takes the messages that the hub delivers, at most `window` at
 * once, and answers each with what its handler returns.
 */
export class Agent {
  /** The connection, for requests and events of any kind. */
  hub;

  #id;
  #window;
  #onError;
  #handler;
  #link;
  #linked = new Signal();
  #idle = new Signal();
  #running = new Map();
  #draining = false;

  /** See `serveAgent` in index.d.ts. */
  static async serve(urls, options, handler) {
    const { agent: id, window = DEFAULT_WINDOW, onError = report, ...connectOptions } = options;
    if (typeof handler !== 'function') {
      throw new TypeError('serveAgent needs a function that handles a message');
    }
    const agent = new Agent(id, window, onError, handler);
    await Hub.open(urls, connectOptions, {
      connect: { role: 'agent', agent: id, window },
      attach: (hub, link) => agent.#attach(hub, link),
      onRequest: (frame) => agent.#request(frame),
    });
    return agent;
  }

  /** Use `serveAgent`. */
  constructor(id, window, onError, handler) {
    this.#id = id;
    this.#window = window;
    this.#onError = onError;
    this.#handler = handler;
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
   * Takes no more messages, lets those under way finish for `drainMs`, then closes for good.
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
    hub.on('agent.cancelled', ({ id, reason }) => this.#cancelled(id, reason));
    hub.on('reconnect', ({ resumed }) => this.#reconnected(resumed));
    hub.on('close', (error) => this.#dropAll(error));
  }

  #request(frame) {
    if (frame.method !== 'agent.deliver') {
      this.#refuse(frame, new ParleyError('invalid_request', `unknown method: ${frame.method}`));
      return;
    }
    const running = this.#running.get(frame.params?.id);
    if (running !== undefined) {
      running.requestId = frame.id;
    } else if (this.#draining) {
      this.#refuse(frame, offline());
    } else if (this.#running.size >= this.#window) {
      this.#refuse(frame, overWindow(this.#window));
    } else {
      this.#handle(new Delivery(frame, this.#link, () => this.#linked.wait()));
    }
  }

  async #handle(delivery) {
    const { message } = delivery;
    this.#running.set(message.id, delivery);
    try {
      const reply = await this.#handler(message, this.#context(delivery));
      await delivery.reply(reply);
    } catch (error) {
      await this.#failed(delivery, error);
    } finally {
      this.#forget(delivery);
    }
  }

  async #failed(delivery, error) {
    if (delivery.signal.aborted) {
      return;
    }
    this.#onError(error, delivery.message);
    try {
      await delivery.fail(failureOf(error));
    } catch (unsent) {
      if (!delivery.signal.aborted) {
        this.#onError(unsent, delivery.message);
      }
    }
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

  #cancelled(id, reason) {
    const delivery =
      this.#running.get(id) ?? [...this.#running.values()].find((one) => one.requestId === id);
    if (delivery !== undefined) {
      this.#drop(delivery, new ParleyError('cancelled', `the message was cancelled: ${reason}`, {
        details: { id, reason },
      }));
    }
  }

  /** On a connection that was not resumed nobody waits for the answers of the old one. */
  #reconnected(resumed) {
    if (!resumed) {
      this.#dropAll(new ParleyError('cancelled', 'the connection that delivered the message is gone'));
    }
    this.#linked.notify();
  }

  #dropAll(error) {
    for (const delivery of [...this.#running.values()]) {
      this.#drop(delivery, error);
    }
    this.#linked.notify();
  }

  #drop(delivery, error) {
    this.#forget(delivery);
    delivery.cancel(error);
  }

  #forget(delivery) {
    if (this.#running.get(delivery.message.id) === delivery) {
      this.#running.delete(delivery.message.id);
      this.#idle.notify();
    }
  }

  #refuse({ id }, error) {
    this.#link()?.send(JSON.stringify({ type: 'res', id, ok: false, error: error.toWire() }));
  }
}

function report(error, message) {
  console.error(`parley: the handler failed on message ${message.id} from ${message.from}`, error);
}

function offline() {
  return new ParleyError('agent_offline', 'the agent is shutting down', { retryable: true });
}

function overWindow(window) {
  return new ParleyError('rate_limited', `the agent takes ${window} messages at once`, {
    details: { limit: 'window', max: window },
    retryable: true,
  });
}
