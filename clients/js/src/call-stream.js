import { ParleyError } from './errors.js';
import { Signal } from './signal.js';

/** What a chunk costs at least, so that empty chunks are bounded too. */
const MIN_CHUNK_COST = 1024;

/**
 * The reply of an agent that answers in pieces: an async iterable of the chunks' payloads, in
 * order and without holes; `reply()` gives what the agent returned at the end. The agent may send
 * `window` chunks ahead of the reader, who gives credit for more each half of a window. After a
 * lost connection the stream goes on where it was. A hole ends it with an error, as do chunks so
 * large that more than `maxBufferedBytes` wait.
 */
export class CallStream {
  #chunks = [];
  #bytes = 0;
  #maxBytes;
  #nextIndex = 0;
  #readCount = 0;
  #iterated = false;
  #unread = false;
  #granted;
  #window;
  #grant;
  #end = null;
  #left = false;
  #changed = new Signal();
  #abort = new AbortController();

  /**
   * @param {object} call
   * @param {(handlers: {onChunk: Function, onLost: Function}, signal: AbortSignal) => Promise<object>}
   *     call.start sends the call; `onLost` answers how to go on, `{next, credit}`
   * @param {(more: {next: number, credit: number}) => void} call.grant lets more chunks come
   * @param {number} call.window
   * @param {number} call.maxBufferedBytes
   */
  constructor({ start, grant, window, maxBufferedBytes }) {
    this.#maxBytes = maxBufferedBytes;
    this.#window = window;
    this.#granted = window;
    this.#grant = grant;
    const handlers = {
      onChunk: (chunk, size) => this.#take(chunk, size),
      onLost: () => this.#resumption(),
    };
    start(handlers, this.#abort.signal).then(
      (reply) => this.#finish({ reply }),
      (error) => this.#finish({ error }),
    );
  }

  /**
   * The end of the call: `{payload, messageId, from, conversation, charge?}`. Who asks for it
   * without reading the chunks gets it all the same: they wait within `maxBufferedBytes`.
   */
  async reply() {
    this.#unread ||= !this.#iterated;
    this.#giveCredit();
    while (this.#end === null) {
      await this.#changed.wait();
    }
    if ('error' in this.#end) {
      throw this.#end.error;
    }
    return this.#end.reply;
  }

  /** Cancels the call; its reader gets an error `cancelled`. */
  cancel() {
    this.#stop(new ParleyError('cancelled', 'the stream was cancelled by its reader'));
  }

  [Symbol.asyncIterator]() {
    this.#iterated = true;
    this.#unread = false;
    return {
      next: () => this.#next(),
      return: async () => {
        this.#left = true;
        this.cancel();
        return { done: true, value: undefined };
      },
    };
  }

  #take({ index, payload }, size) {
    if (this.#end !== null) {
      return;
    }
    if (index !== this.#nextIndex) {
      this.#stop(missingChunks(this.#nextIndex, index));
      return;
    }
    this.#nextIndex += 1;
    const cost = Math.max(size, MIN_CHUNK_COST);
    if (this.#bytes + cost > this.#maxBytes) {
      this.#stop(tooSlow(this.#maxBytes));
      return;
    }
    this.#chunks.push({ payload, cost });
    this.#bytes += cost;
    this.#giveCredit();
    this.#changed.notify();
  }

  #giveCredit() {
    const credit = this.#done() + this.#window - this.#granted;
    if (this.#end === null && credit >= Math.max(1, this.#window / 2)) {
      this.#granted += credit;
      this.#grant({ next: this.#nextIndex, credit });
    }
  }

  #done() {
    return this.#unread ? this.#nextIndex : this.#readCount;
  }

  #resumption() {
    const credit = Math.max(1, this.#done() + this.#window - this.#nextIndex);
    this.#granted = this.#nextIndex + credit;
    return { next: this.#nextIndex, credit };
  }

  #stop(error) {
    if (this.#end === null) {
      this.#finish({ error });
      this.#abort.abort(error);
    }
  }

  #finish(end) {
    this.#end ??= end;
    this.#changed.notify();
  }

  async #next() {
    for (;;) {
      if (this.#left) {
        return { done: true, value: undefined };
      }
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bytes -= chunk.cost;
        this.#readCount += 1;
        this.#giveCredit();
        return { done: false, value: chunk.payload };
      }
      if (this.#end !== null) {
        this.#left = true;
        if ('error' in this.#end) {
          throw this.#end.error;
        }
        return { done: true, value: undefined };
      }
      await this.#changed.wait();
    }
  }
}

function missingChunks(expected, received) {
  return new ParleyError('unavailable', `chunk ${expected} was lost, chunk ${received} came: call again`, {
    details: { expected, received },
    retryable: true,
  });
}

function tooSlow(max) {
  return new ParleyError(
    'limit_exceeded',
    `more than ${max} bytes of chunks were not read: read faster or raise maxBufferedBytes`,
    { details: { limit: 'maxBufferedBytes', max } },
  );
}
