import { CallStream } from './call-stream.js';
import { ChatRun } from './chat-run.js';
import { Connection } from './connection.js';
import { Emitter } from './emitter.js';
import { ParleyError, rethrowLater } from './errors.js';
import { uuid } from './ids.js';
import { Memory } from './memory.js';
import { settings } from './options.js';
import { MARGIN_MS, outgoing } from './outgoing.js';
import { Requests } from './requests.js';
import { webSocketClass } from './websocket.js';

const CANCEL_TIMEOUT_MS = 10_000;
const DEFAULT_STREAM_BUFFER = 64 << 20;
const DEFAULT_STREAM_WINDOW = 64;

/** The events that are ours; a hub event of the same name would be taken for one. */
const OWN_EVENTS = new Set(['gap', 'disconnect', 'reconnect', 'close']);

/** What an application does with a hub: requests, chats, calls, events. Made by `connect`. */
export class Hub {
  #settings;
  #connection;
  #requests;
  #events = new Emitter();
  #idSuffix = uuid();
  #requestCount = 0;
  #resumes;
  #memory = new Memory((method, params) => this.request(method, params));

  /**
   * @param {string | string[]} urls
   * @param {object} options see `ConnectOptions` in index.d.ts
   * @param {{connect?: object, attach?: Function, onRequest?: Function}} [role] what an agent
   *     connection does more: `attach(hub, link)` before it connects, `onRequest(frame)`
   */
  static async open(urls, options, role = {}) {
    const chosen = settings(urls, options);
    const hub = new Hub(chosen, webSocketClass(chosen.webSocket), role);
    await hub.#connection.start();
    return hub;
  }

  /** Use `connect`. */
  constructor(chosen, WebSocket, role) {
    this.#settings = chosen;
    this.#requests = new Requests(chosen);
    this.#resumes = role.connect?.role !== 'agent';
    this.#connection = new Connection(chosen, WebSocket, role.connect, {
      onUp: (link) => this.#requests.connected(link),
      onFrame: (frame, size) => this.#receive(frame, size, role.onRequest),
      onDown: (close) => this.#requests.disconnected(close),
      onLeaving: () => this.#requests.leaving(),
      onChange: (name, payload) => this.#events.emit(name, payload),
      onEnd: (error) => this.#ended(error),
    });
    role.attach?.(this, () => this.#connection.link);
  }

  /** `open`, `reconnecting` or `closed`. */
  get state() {
    if (this.#connection.error !== null) {
      return 'closed';
    }
    return this.#connection.link === null ? 'reconnecting' : 'open';
  }

  /** The hello-ok of the newest connection: server, features, auth, policy. */
  get hello() {
    return this.#connection.hello;
  }

  /**
   * Sends a request of any method of the contract.
   *
   * @returns {Promise<any>} its result
   * @throws {ParleyError}
   */
  request(method, params = {}, { signal, timeoutMs, expectFinal } = {}) {
    return this.#submit(method, params, { timeoutMs, expectFinal }, signal);
  }

  /** The memory of the tenant's agents, or of the agent that is connected. */
  get memory() {
    return this.#memory;
  }

  /** Sends a message to an own agent; see `ChatRun`. */
  chat(message, options = {}) {
    const { chatTimeoutMs } = this.#settings;
    const { agent, session = 'main', signal, timeoutMs } = options;
    const params = defined({
      sessionKey: session,
      message,
      idempotencyKey: options.idempotencyKey ?? uuid(),
      agentId: agent,
      sessionId: options.sessionId,
      attachments: options.attachments,
      timeoutMs,
    });
    const deadlineMs = timeoutMs === undefined ? chatTimeoutMs : timeoutMs + MARGIN_MS;
    return new ChatRun(this, params, { deadlineMs, signal });
  }

  /** Calls an agent and waits for its reply. */
  call(to, payload, options = {}) {
    return this.#submit('agent.call', callParams(to, payload, options), {}, options.signal);
  }

  /**
   * Puts a message into an agent's mailbox; resolves when the hub has it for good. It is sent again
   * after a lost connection until the hub has answered, which takes it once.
   */
  send(to, payload, options = {}) {
    const { from, conversation, messageId = uuid(), parent, ttlMs, priority, signal } = options;
    const params = { to, payload, from, conversation, messageId, parent, ttlMs, priority };
    return this.#submit('agent.send', defined(params), {}, signal);
  }

  /** Calls an agent that answers in pieces; see `CallStream`. */
  stream(to, payload, options = {}) {
    const { signal, messageId = uuid() } = options;
    const { maxBufferedBytes = DEFAULT_STREAM_BUFFER, window = DEFAULT_STREAM_WINDOW } = options;
    const call = callParams(to, payload, { ...options, messageId });
    const params = { ...call, stream: true, credit: window };
    const start = ({ onChunk, onLost }, stopped) => {
      const resume = this.#resumes ? () => ({ messageId, ...onLost() }) : undefined;
      return this.#submit('agent.call', params, { onChunk, resume }, [stopped, signal]);
    };
    const grant = (more) => {
      const options = { urgent: true };
      this.#submit('stream.credit', { messageId, ...more }, options).catch(() => {});
    };
    return new CallStream({ start, grant, window, maxBufferedBytes });
  }

  /**
   * Listens to an event of the hub, or to `gap`, `disconnect`, `reconnect`, `close`.
   *
   * @returns {() => void} removes the listener
   */
  on(name, listener) {
    return this.#events.on(name, listener);
  }

  off(name, listener) {
    this.#events.off(name, listener);
  }

  /** Closes the connection for good; what is under way fails with the code `closed`. */
  close() {
    this.#connection.end(new ParleyError('closed', 'this connection was closed by its owner'));
  }

  /** @param {AbortSignal | AbortSignal[] | undefined} signal any of them cancels the request */
  #submit(method, params, options, signal) {
    const signals = [signal].flat(2).filter((one) => one !== undefined);
    const stopped = signals.find((one) => one.aborted);
    if (this.#connection.error !== null || stopped !== undefined) {
      return Promise.reject(this.#connection.error ?? stopped.reason);
    }
    this.#requestCount += 1;
    const id = `${this.#requestCount}:${this.#idSuffix}`;
    let request;
    try {
      request = outgoing(id, method, params, options, this.#settings);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#watch(signals, request, this.#requests.submit(request));
  }

  #watch(signals, request, answer) {
    if (signals.length === 0) {
      return answer;
    }
    const undo = signals.map((signal) => {
      const aborted = () => this.#cancel(request, signal.reason);
      signal.addEventListener('abort', aborted);
      return () => signal.removeEventListener('abort', aborted);
    });
    return answer.finally(() => undo.forEach((remove) => remove()));
  }

  #cancel({ id, method }, reason) {
    if (this.#requests.abandon(id, reason) && method === 'agent.call') {
      const options = { urgent: true, timeoutMs: CANCEL_TIMEOUT_MS };
      this.#submit('agent.cancel', { id }, options).catch(() => {});
    }
  }

  #receive(frame, size, onRequest) {
    switch (frame.type) {
      case 'res':
        this.#requests.answer(frame);
        break;
      case 'event':
        this.#event(frame, size);
        break;
      default:
        onRequest?.(frame);
    }
  }

  #event({ event, payload, seq }, size) {
    if (OWN_EVENTS.has(event)) {
      return;
    }
    if (event === 'agent.chunk') {
      this.#requests.chunk(payload, size);
    }
    try {
      this.#settings.onEvent?.({ event, payload, seq });
    } catch (error) {
      rethrowLater(error);
    }
    this.#events.emit(event, payload);
  }

  #ended(error) {
    this.#requests.failAll(error);
    this.#events.emit('close', error);
    this.#events.clear();
  }
}

function callParams(to, payload, { timeoutMs, from, conversation, messageId, parent }) {
  return defined({ to, payload, timeoutMs, from, conversation, messageId, parent });
}

function defined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
