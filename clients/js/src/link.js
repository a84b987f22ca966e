import { ParleyError, describeClose, unreachable } from './errors.js';
import { PROTOCOL, decodeFrame } from './frames.js';

/** The close code we give to a connection that fell silent; the official clients use the same. */
const TICK_TIMEOUT = 4000;

/** How the standard tells the end of a connection that sent no close frame. */
const NO_CLOSE = { code: 1006, reason: '' };

/** What a handshake waits for at each of its stages. */
const AWAITED = { upgrade: 'WebSocket upgrade', challenge: 'connect.challenge', hello: 'hello-ok' };

/**
 * One WebSocket from its upgrade to its end: the challenge, the `connect` request, hello-ok, then
 * frames in both directions, and a watchdog that ends a connection on which nothing arrives for
 * two tick intervals (a peer that vanished sends no close).
 */
export class Link {
  /** The hello-ok payload; null until the handshake is over. */
  hello = null;

  #socket;
  #hooks;
  #resolve;
  #reject;
  #stage = 'upgrade';
  #timer;
  #givenUp;
  #lastSeen = 0;

  /**
   * @param {string} url
   * @param {object} hooks
   * @param {new (url: string) => WebSocket} hooks.WebSocket
   * @param {object} hooks.connectParams params of the connect request
   * @param {number} hooks.handshakeTimeoutMs from the upgrade to hello-ok
   * @param {AbortSignal} hooks.signal gives up the handshake
   * @param {(link: Link) => void} hooks.onOpen at hello-ok, before the first frame after it
   * @param {(frame: object, size: number) => void} hooks.onFrame frames after hello-ok
   * @param {(close: {code: number, reason: string}) => void} hooks.onDown once, after hello-ok
   * @returns {Promise<Link>} when hello-ok has arrived
   * @throws {ParleyError} why it has not
   */
  static open(url, hooks) {
    return new Promise((resolve, reject) => {
      if (hooks.signal.aborted) {
        reject(hooks.signal.reason);
      } else {
        new Link(url, hooks, resolve, reject);
      }
    });
  }

  constructor(url, hooks, resolve, reject) {
    this.url = url;
    this.#hooks = hooks;
    this.#resolve = resolve;
    this.#reject = reject;
    const limitMs = hooks.handshakeTimeoutMs;
    this.#timer = setTimeout(() => this.#fail(handshakeTimeout(url, this.#stage, limitMs)), limitMs);
    this.#givenUp = () => this.#fail(hooks.signal.reason);
    hooks.signal.addEventListener('abort', this.#givenUp);
    let cause;
    try {
      this.#socket = new hooks.WebSocket(url);
    } catch (error) {
      this.#fail(new ParleyError('invalid_request', `cannot connect to ${url}`, { cause: error }));
      return;
    }
    this.#socket.onopen = () => {
      this.#stage = 'challenge';
    };
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onerror = ({ error }) => {
      cause = error;
      if (this.#stage === 'upgrade') {
        this.#closed(NO_CLOSE, cause); // Node 22 sends no close event after a failed upgrade
      }
    };
    this.#socket.onclose = ({ code, reason }) => this.#closed({ code, reason: reason ?? '' }, cause);
  }

  get bufferedAmount() {
    return this.#socket.bufferedAmount ?? 0;
  }

  /** Sends a frame's text. */
  send(text) {
    this.#socket.send(text);
  }

  /** Ends the link without a call of `onDown`. */
  close(code = 1000, reason = '') {
    this.#end();
    this.#socket?.close(code, reason);
  }

  #receive(data) {
    this.#lastSeen = Date.now();
    const frame = decodeFrame(data);
    if (frame === null) {
      return;
    }
    if (this.#stage === 'open') {
      this.#hooks.onFrame(frame, data.length);
    } else if (this.#stage === 'challenge' && frame.event === 'connect.challenge') {
      this.#answerChallenge();
    } else if (this.#stage === 'hello' && frame.type === 'res' && frame.id === 'connect') {
      this.#greeted(frame);
    }
  }

  #answerChallenge() {
    this.#stage = 'hello';
    const params = this.#hooks.connectParams;
    this.send(JSON.stringify({ type: 'req', id: 'connect', method: 'connect', params }));
  }

  #greeted({ ok, payload, error }) {
    if (!ok) {
      this.#fail(ParleyError.fromWire(error));
    } else if (payload?.type !== 'hello-ok' || payload.protocol !== PROTOCOL) {
      this.#fail(protocolMismatch(payload?.protocol));
    } else {
      this.hello = payload;
      this.#hooks.signal.removeEventListener('abort', this.#givenUp);
      this.#stage = 'open';
      this.#watch(payload.policy?.tickIntervalMs);
      this.#hooks.onOpen(this);
      this.#resolve(this);
    }
  }

  #watch(tickIntervalMs) {
    clearTimeout(this.#timer);
    if (!(tickIntervalMs > 0)) {
      return;
    }
    const patience = 2 * tickIntervalMs;
    const look = () => {
      const silent = Date.now() - this.#lastSeen;
      if (silent < patience) {
        this.#timer = setTimeout(look, patience - silent);
      } else {
        this.#lose({ code: TICK_TIMEOUT, reason: 'tick timeout' });
      }
    };
    this.#timer = setTimeout(look, patience);
  }

  #lose(close) {
    this.close(close.code, close.reason);
    this.#socket.terminate?.();
    this.#hooks.onDown(close);
  }

  #closed(close, cause) {
    const stage = this.#stage;
    this.#end();
    if (stage === 'open') {
      this.#hooks.onDown(close);
    } else if (stage !== 'closed') {
      this.#reject(refusal(this.url, close, cause));
    }
  }

  #fail(error) {
    this.close(1000);
    this.#reject(error);
  }

  #end() {
    clearTimeout(this.#timer);
    this.#hooks.signal.removeEventListener('abort', this.#givenUp);
    this.#stage = 'closed';
    const socket = this.#socket;
    if (socket !== undefined) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {};
    }
  }
}

function handshakeTimeout(url, stage, limitMs) {
  const awaited = AWAITED[stage];
  return new ParleyError('unavailable', `no ${awaited} from ${url} within ${limitMs} ms`, {
    details: { url, awaited },
    retryable: true,
  });
}

function protocolMismatch(got) {
  return new ParleyError(
    'invalid_request',
    `the hub speaks protocol ${got}, this SDK speaks ${PROTOCOL}: update one of them`,
    { details: { code: 'PROTOCOL_MISMATCH', expectedProtocol: PROTOCOL, protocol: got } },
  );
}

/** The error of a socket that closed before hello-ok. */
function refusal(url, { code, reason }, cause) {
  const known = cause?.message || (code === NO_CLOSE.code ? 'out of reach, or it refused' : '');
  const why = [known, `(${describeClose(code, reason)})`].filter(Boolean).join(' ');
  return unreachable(url, why, { details: { closeCode: code, reason }, cause });
}
