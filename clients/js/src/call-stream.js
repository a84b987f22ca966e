import { ParleyError } from './errors.js';
import { Signal } from './signal.js';

/** What a chunk costs at least, so that empty chunks are bounded too. */
const MIN_CHUNK_COST = 1024;

/**
 * The reply of an agent that answers in pieces: an async iterable of the chunks' payloads, in
 * order and without holes; `reply()` gives what the agent returned at the end. A hole ends the
 * stream with an error, as does a reader so slow that more than `maxBufferedBytes` wait for it.
 */
export class CallStream {
  #chunks = [];
  #bytes = 0;
  #maxBytes;
  #nextIndex = 0;
  #end = null;
  #left = false;
  #changed = new Signal();
  #abort = new AbortController();

  /**
   * @param {(onChunk: Function, signal: AbortSignal) => Promise<object>} start sends the call
   * @param {number} maxBufferedBytes
   */
  constructor(start, maxBufferedBytes) {
    this.#maxBytes = maxBufferedBytes;
    start((chunk, size) => this.#take(chunk, size), this.#abort.signal).then(
      (reply) => this.#finish({ reply }),
      (error) => this.#finish({ error }),
    );
  }

  /** The end of the call: `{payload, messageId, from, conversation, charge?}`. */
  async reply() {
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
    this.#changed.notify();
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
