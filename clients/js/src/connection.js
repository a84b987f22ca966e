import { Backoff } from './backoff.js';
import { ParleyError, connectionLost, describeClose } from './errors.js';
import { PROTOCOL } from './frames.js';
import { Link } from './link.js';
import { EventSequence } from './sequence.js';
import { isFinalClose, isFinalRefusal, returnHint } from './verdict.js';

/** A link that lived this long was a good one: the next loss starts the back-off anew. */
const STABLE_MS = 5_000;

/**
 * Keeps one link to a hub alive: tries the URLs in turn, connects again with back-off after a loss,
 * asks to resume the event sequence, drops repeated events and reports missing ones. It ends when
 * its owner says so, or when the hub made clear that coming back is no use.
 */
export class Connection {
  /** The link of the moment, or null. */
  link = null;

  /** The hello-ok of the newest link. */
  hello = null;

  /** Why the connection has ended; null while it has not. */
  error = null;

  #settings;
  #WebSocket;
  #connect;
  #hooks;
  #sequence = new EventSequence();
  #backoff;
  #urlIndex = 0;
  #restartExpectedMs;
  #retryTimer = null;
  #stableTimer = null;
  #ended = new AbortController();

  /**
   * @param {object} settings of `settings()` in options.js
   * @param {new (url: string) => WebSocket} WebSocket
   * @param {object} connect more params of the connect request
   * @param {object} hooks
   * @param {(link: Link) => void} hooks.onUp a link is ready
   * @param {(frame: object, size: number) => void} hooks.onFrame
   * @param {(close: {code: number, reason: string}) => void} hooks.onDown the link is lost
   * @param {() => void} hooks.onLeaving the hub goes and takes nothing more on this link
   * @param {(error: ParleyError) => void} hooks.onEnd once, for good
   * @param {(name: string, payload: object) => void} hooks.onChange `gap`, `disconnect`, `reconnect`
   */
  constructor(settings, WebSocket, connect, hooks) {
    this.#settings = settings;
    this.#WebSocket = WebSocket;
    this.#connect = connect;
    this.#hooks = hooks;
    this.#backoff = new Backoff(settings.reconnect || {});
  }

  /** Connects for the first time: every URL once. */
  async start() {
    try {
      await this.#connectAnywhere();
    } catch (error) {
      this.end(error);
      throw error;
    }
  }

  end(error) {
    if (this.error !== null) {
      return;
    }
    this.error = error;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#stableTimer);
    this.#ended.abort(error);
    this.link?.close();
    this.link = null;
    this.#hooks.onEnd(error);
  }

  /** The last good URL first. */
  async #connectAnywhere() {
    const { urls } = this.#settings;
    let failure;
    for (let i = 0; i < urls.length; i++) {
      const at = (this.#urlIndex + i) % urls.length;
      try {
        await this.#connectTo(urls[at]);
        this.#urlIndex = at;
        return;
      } catch (error) {
        failure = error;
        if (this.error !== null || isFinalRefusal(error)) {
          break;
        }
      }
    }
    throw failure;
  }

  async #connectTo(url) {
    const connectParams = await this.#connectParams();
    await Link.open(url, {
      WebSocket: this.#WebSocket,
      connectParams,
      handshakeTimeoutMs: this.#settings.handshakeTimeoutMs,
      signal: this.#ended.signal,
      onOpen: (link) => this.#opened(link),
      onFrame: (frame, size) => this.#receive(frame, size),
      onDown: (close) => this.#lost(close),
    });
  }

  async #connectParams() {
    const { key, client, caps, scopes } = this.#settings;
    const token = typeof key === 'function' ? await askForKey(key) : key;
    const connId = this.hello?.server?.connId;
    return {
      minProtocol: PROTOCOL,
      maxProtocol: PROTOCOL,
      client,
      caps,
      role: 'operator',
      ...(scopes === undefined ? {} : { scopes }),
      ...this.#connect,
      auth: { token },
      ...(connId === undefined ? {} : { resume: { connId, seq: this.#sequence.last } }),
    };
  }

  #opened(link) {
    const again = this.hello !== null;
    const resumed = link.hello.resumed === true;
    this.hello = link.hello;
    this.link = link;
    this.#restartExpectedMs = undefined;
    this.#stableTimer = setTimeout(() => this.#backoff.reset(), STABLE_MS);
    if (!resumed) {
      this.#sequence.restart();
    }
    this.#hooks.onUp(link);
    if (again && !resumed) {
      this.#hooks.onChange('gap', { reason: 'not-resumed' });
    }
    if (again) {
      const attempt = this.#backoff.attempt;
      this.#hooks.onChange('reconnect', { url: link.url, resumed, attempt });
    }
  }

  #receive(frame, size) {
    if (frame.type === 'event') {
      const { repeated, gap } = this.#sequence.accept(frame.seq);
      if (gap !== null) {
        this.#hooks.onChange('gap', { reason: 'missed', ...gap });
      }
      if (repeated) {
        return;
      }
      if (frame.event === 'shutdown') {
        this.#restartExpectedMs = frame.payload?.restartExpectedMs;
        this.#urlIndex = (this.#urlIndex + 1) % this.#settings.urls.length;
        this.#hooks.onLeaving();
      }
    }
    this.#hooks.onFrame(frame, size);
  }

  #lost(close) {
    clearTimeout(this.#stableTimer);
    this.link = null;
    this.#hooks.onDown(close);
    if (isFinalClose(close.code) || !this.#settings.reconnect) {
      this.end(endedByHub(close));
      return;
    }
    const error = connectionLost(close);
    this.#hooks.onChange('disconnect', error);
    this.#retry(error, returnHint(close.code, this.#restartExpectedMs));
  }

  #retry(error, hintMs) {
    if (this.error !== null) {
      return;
    }
    if (this.#backoff.exhausted) {
      this.end(error);
      return;
    }
    this.#retryTimer = setTimeout(async () => {
      try {
        await this.#connectAnywhere();
      } catch (failure) {
        if (isFinalRefusal(failure)) {
          this.end(failure);
        } else {
          this.#retry(failure, failure.retryAfterMs ?? returnHint(failure.details.closeCode));
        }
      }
    }, this.#backoff.next(hintMs));
  }
}

async function askForKey(key) {
  try {
    return await key();
  } catch (error) {
    throw new ParleyError('unavailable', 'the function that gives the key failed', {
      retryable: true,
      cause: error,
    });
  }
}

function endedByHub({ code, reason }) {
  return new ParleyError('closed', `the hub ended the connection (${describeClose(code, reason)})`, {
    details: { closeCode: code, reason },
  });
}
