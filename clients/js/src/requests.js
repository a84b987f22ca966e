import { ParleyError, connectionLost } from './errors.js';
import { byteLength } from './frames.js';
import { Resting } from './resting.js';

/** Bytes in the socket above which requests wait here instead. */
const HIGH_WATER = 1 << 20;
const DRAIN_POLL_MS = 10;
const DEFAULT_WINDOW = 64;

/**
 * The requests of a hub object from submission to answer, across connections.
 *
 * A request waits while there is no connection, while the hub's `policy.maxInFlight` is reached, or
 * while the socket is full; what waits is bounded in number and bytes. What is urgent waits in a line of
 * its own, and one place of the hub's window is for it alone: it is about requests that the hub has. A
 * request that nobody waits for any more keeps its place until the hub has answered it. When a connection is lost, a
 * request that was sent and not answered is sent again on the next one if that is safe (it carries
 * an idempotency key or message id), a stream goes on where it was, and the rest fails with a
 * retryable error. What is safe to send again is sent again too when the hub refuses it in passing and
 * says when to come back.
 */
export class Requests {
  #waiting = [];
  #urgent = [];
  #waitingBytes = 0;
  #sent = new Map();
  #abandoned = new Set();
  #resting = new Resting((entry) => this.#enqueue(entry));
  #link = null;
  #leaving = false;
  #drainTimer = null;
  #maxQueued;
  #maxQueuedBytes;

  /**
   * @param {{maxQueued: number, maxQueuedBytes: number}} bounds one request may wait whatever its
   *     size; the hub bounds that
   */
  constructor({ maxQueued, maxQueuedBytes }) {
    this.#maxQueued = maxQueued;
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  /**
   * @param {object} request
   * @param {string} request.id
   * @param {string} request.method
   * @param {string} request.text the frame
   * @param {boolean} request.repeatable whether sending it twice does the work once
   * @param {boolean} [request.urgent] overtakes what waits: a cancel, credit for a stream
   * @param {boolean} [request.expectFinal] passes over a first answer `status: "accepted"`
   * @param {number} request.timeoutMs
   * @param {(chunk: object, size: number) => void} [request.onChunk]
   * @param {() => string} [request.resumeText] the frame by which a stream goes on
   * @returns {Promise<any>} the payload of the answer
   */
  submit(request) {
    const refusal = this.#refusal(request);
    if (refusal !== null) {
      return Promise.reject(refusal);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.abandon(request.id, timedOut(request)), request.timeoutMs);
      this.#enqueue({ ...request, resolve, reject, timer, sent: false });
    });
  }

  #enqueue(entry) {
    if (entry.urgent) {
      this.#urgent.push(entry);
    } else {
      this.#waiting.push(entry);
      this.#waitingBytes += entry.text.length;
    }
    this.#pump();
  }

  /**
   * Stops waiting for a request; its promise fails with `error`.
   *
   * @returns {boolean} whether the hub may be working on it
   */
  abandon(id, error) {
    const underWay = this.#sent.has(id);
    const entry = this.#take(id);
    if (entry === undefined) {
      return false;
    }
    if (underWay && !entry.accepted) {
      this.#abandoned.add(id);
    }
    entry.reject(error);
    this.#pump();
    return entry.sent;
  }

  /** Takes a response frame; one that answers nothing is dropped. */
  answer({ id, ok, payload, error }) {
    const entry = this.#sent.get(id);
    if (entry === undefined) {
      if (this.#abandoned.delete(id)) {
        this.#pump();
      }
      return;
    }
    if (ok && entry.expectFinal && payload?.status === 'accepted') {
      entry.accepted = true;
      return;
    }
    const failure = ok ? null : ParleyError.fromWire(error);
    if (failure !== null && this.#resting.keep(entry, failure)) {
      this.#sent.delete(id);
      entry.sent = false;
    } else {
      this.#take(id);
      if (failure === null) {
        entry.resolve(payload);
      } else {
        entry.reject(refusal(entry, failure));
      }
    }
    this.#pump();
  }

  /** Takes the payload of an `agent.chunk` event, and the size of its frame. */
  chunk(payload, size) {
    this.#sent.get(payload?.requestId)?.onChunk?.(payload, size);
  }

  /** A connection is ready: sends what waits. */
  connected(link) {
    this.#link = link;
    this.#leaving = false;
    this.#pump();
  }

  /** The hub goes: what it has it still answers, the rest waits for the next connection. */
  leaving() {
    this.#leaving = true;
  }

  /** The connection is gone. */
  disconnected(close) {
    this.#link = null;
    clearTimeout(this.#drainTimer);
    this.#drainTimer = null;
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    this.#abandoned.clear();
    const again = sent.filter((entry) => entry.repeatable || entry.resumeText !== undefined);
    for (const entry of again) {
      if (!entry.repeatable) {
        entry.text = entry.resumeText();
        entry.lost = close;
      }
    }
    this.#waiting.unshift(...again);
    this.#waitingBytes += again.reduce((sum, entry) => sum + entry.text.length, 0);
    for (const entry of [...sent, ...this.#urgent.splice(0)]) {
      if (!again.includes(entry)) {
        clearTimeout(entry.timer);
        entry.reject(connectionLost(close));
      }
    }
  }

  /** Fails everything, for good. */
  failAll(error) {
    clearTimeout(this.#drainTimer);
    const entries = [
      ...this.#urgent,
      ...this.#waiting,
      ...this.#sent.values(),
      ...this.#resting.takeAll(),
    ];
    this.#link = null;
    this.#urgent = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#sent.clear();
    this.#abandoned.clear();
    for (const entry of entries) {
      clearTimeout(entry.timer);
      entry.reject(error);
    }
  }

  #refusal(request) {
    if ((request.urgent ? this.#urgent : this.#waiting).length >= this.#maxQueued) {
      return queueFull('maxQueued', this.#maxQueued, 'requests');
    }
    if (request.urgent) {
      return null;
    }
    const bytes = this.#waitingBytes + request.text.length;
    if (this.#waiting.length > 0 && bytes > this.#maxQueuedBytes) {
      return queueFull('maxQueuedBytes', this.#maxQueuedBytes, 'bytes');
    }
    return tooLarge(request, this.#link);
  }

  #pump() {
    const link = this.#link;
    while (link !== null && link === this.#link) {
      const entry = this.#next();
      if (entry === undefined) {
        return;
      }
      const refusal = tooLarge(entry, link);
      if (refusal === null) {
        this.#sent.set(entry.id, entry);
        entry.sent = true;
        link.send(entry.text);
      } else {
        clearTimeout(entry.timer);
        entry.reject(refusal);
      }
    }
  }

  /** Takes out what may be sent now: what is urgent first, also when the hub is about to go. */
  #next() {
    const window = this.#link.hello.policy?.maxInFlight ?? DEFAULT_WINDOW;
    const underWay = this.#sent.size + this.#abandoned.size;
    if (this.#urgent.length > 0 && underWay < window) {
      return this.#urgent.shift();
    }
    if (this.#leaving || this.#waiting.length === 0 || underWay >= Math.max(1, window - 1)) {
      return undefined;
    }
    if (this.#link.bufferedAmount > HIGH_WATER) {
      this.#drainTimer ??= setTimeout(() => {
        this.#drainTimer = null;
        this.#pump();
      }, DRAIN_POLL_MS);
      return undefined;
    }
    const entry = this.#waiting.shift();
    this.#waitingBytes -= entry.text.length;
    if (entry.lost !== undefined) {
      entry.text = entry.resumeText(); // it may have given credit since the connection was lost
    }
    return entry;
  }

  #take(id) {
    let entry = this.#sent.get(id) ?? this.#resting.take(id);
    if (entry !== undefined) {
      this.#sent.delete(id);
    } else {
      entry = takeOut(this.#urgent, id);
      if (entry === undefined) {
        entry = takeOut(this.#waiting, id);
        this.#waitingBytes -= entry?.text.length ?? 0;
      }
    }
    if (entry === undefined) {
      return undefined;
    }
    clearTimeout(entry.timer);
    return entry;
  }
}

function takeOut(queue, id) {
  const at = queue.findIndex((entry) => entry.id === id);
  return at < 0 ? undefined : queue.splice(at, 1)[0];
}

/** A stream that the hub does not know any more ended with its connection. */
function refusal({ lost }, error) {
  return lost !== undefined && error.code === 'not_found' ? connectionLost(lost) : error;
}

function timedOut({ method, timeoutMs }) {
  return new ParleyError('deadline_exceeded', `${method} had no answer within ${timeoutMs} ms`, {
    details: { method, timeoutMs },
  });
}

function queueFull(limit, max, unit) {
  return new ParleyError(
    'limit_exceeded',
    `the queue of requests not sent yet is full (${limit} is ${max} ${unit}): wait for answers first`,
    { details: { limit, max }, retryable: true },
  );
}

/** The error of a frame above the hub's `policy.maxPayload`, which would cost the connection. */
export function tooLarge({ method, text }, link) {
  const limit = link?.hello.policy?.maxPayload;
  if (limit === undefined || text.length * 3 <= limit) {
    return null;
  }
  const size = byteLength(text);
  return size <= limit
    ? null
    : new ParleyError('payload_too_large', `${method} is ${size} bytes, the hub takes ${limit}`, {
        details: { limit, size },
      });
}
