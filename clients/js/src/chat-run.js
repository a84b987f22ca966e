import { ParleyError } from './errors.js';
import { Signal } from './signal.js';

const RETRYABLE = new Set(['rate_limited', 'agent_offline', 'unavailable']);

/**
 * One reply of an own agent, while it is written: an async iterable of
 * `{type: 'delta', text}`, closed by one `{type: 'final', text}`.
 *
 * It holds the text so far and how much of it was read, not the events, so a slow reader costs no
 * more than the reply. Deltas of the hub carry the text so far, so lost ones do no harm; after a
 * gap the run asks for its state by repeating `chat.send` with its idempotency key, and reads an
 * end it missed from the transcript.
 */
export class ChatRun {
  #hub;
  #params;
  #text = '';
  #read = 0;
  #replaced = false;
  #seq = -1;
  #end = null;
  #finalRead = false;
  #changed = new Signal();
  #cleanup = [];
  #started = false;
  #asking = false;
  #left = new AbortController();

  /**
   * @param {import('./hub.js').Hub} hub
   * @param {object} params of chat.send, with its idempotencyKey
   * @param {{deadlineMs: number, signal?: AbortSignal}} options
   */
  constructor(hub, params, { deadlineMs, signal }) {
    this.#hub = hub;
    this.#params = params;
    this.#cleanup.push(
      hub.on('chat', (payload) => this.#event(payload)),
      hub.on('gap', () => this.#askAgain()),
      hub.on('close', (error) => this.#finish({ error })),
    );
    this.#limit(deadlineMs, signal);
    this.#begin(signal);
  }

  /** The id of the run, which is also the idempotency key of the message. */
  get runId() {
    return this.#params.idempotencyKey;
  }

  /** Waits for the end and returns the whole reply. */
  async text() {
    while (this.#end === null) {
      await this.#changed.wait();
    }
    return this.#final().text;
  }

  /** Stops the run; its reader gets an error `cancelled`. */
  async abort() {
    if (this.#end === null) {
      const { sessionKey, agentId } = this.#params;
      await this.#hub.request('chat.abort', {
        sessionKey,
        runId: this.runId,
        ...(agentId === undefined ? {} : { agentId }),
      });
    }
  }

  [Symbol.asyncIterator]() {
    return {
      next: () => this.#next(),
      return: async () => {
        this.#leave(new ParleyError('cancelled', 'the reader of the chat left'));
        this.#finalRead = true;
        return { done: true, value: undefined };
      },
    };
  }

  #limit(deadlineMs, signal) {
    const timer = setTimeout(() => {
      const message = `no end of the reply within ${deadlineMs} ms`;
      this.#leave(new ParleyError('deadline_exceeded', message, { details: { runId: this.runId } }));
    }, deadlineMs);
    const aborted = () => this.#leave(signal.reason);
    this.#cleanup.push(() => clearTimeout(timer));
    signal?.addEventListener('abort', aborted);
    this.#cleanup.push(() => signal?.removeEventListener('abort', aborted));
  }

  async #begin(signal) {
    if (signal?.aborted) {
      this.#finish({ error: signal.reason });
      return;
    }
    try {
      const answer = await this.#send();
      this.#started = true;
      await this.#answered(answer);
    } catch (error) {
      this.#finish({ error });
    }
  }

  #send() {
    return this.#hub.request('chat.send', this.#params, { signal: this.#left.signal });
  }

  #event(payload) {
    if (payload?.runId !== this.runId || this.#end !== null || payload.seq <= this.#seq) {
      return;
    }
    this.#seq = payload.seq ?? this.#seq;
    switch (payload.state) {
      case 'delta':
        this.#setText(deltaText(this.#text, payload));
        break;
      case 'final':
        this.#complete(payload.message, payload.stopReason);
        break;
      case 'aborted':
        this.#finish({ error: abortedError(payload, messageText(payload.message) ?? this.#text) });
        break;
      case 'error':
        this.#finish({ error: failedError(payload) });
        break;
      default:
        break;
    }
  }

  #setText(text) {
    if (!text.startsWith(this.#text.slice(0, this.#read))) {
      this.#replaced = true;
      this.#read = 0;
    }
    this.#text = text;
    this.#changed.notify();
  }

  #complete(message, stopReason) {
    this.#setText(messageText(message) ?? this.#text);
    this.#finish({ final: { type: 'final', runId: this.runId, text: this.#text, message, stopReason } });
  }

  #finish(end) {
    if (this.#end === null) {
      this.#end = end;
      this.#cleanup.forEach((undo) => undo());
      this.#changed.notify();
    }
  }

  /** Ends the run because its reader will not read on, and tells the hub. */
  #leave(error) {
    if (this.#end === null) {
      this.abort().catch(() => {});
      this.#left.abort(error);
      this.#finish({ error });
    }
  }

  async #askAgain() {
    if (!this.#started || this.#asking || this.#end !== null) {
      return;
    }
    this.#asking = true;
    this.#seq = -1;
    try {
      await this.#answered(await this.#send());
    } catch (error) {
      this.#finish({ error });
    } finally {
      this.#asking = false;
    }
  }

  /** What the hub says of the run: it may have ended before it was asked for. */
  async #answered({ status }) {
    if (status === 'ok') {
      await this.#readTranscript();
    } else if (status === 'aborted') {
      this.#finish({ error: abortedError({ runId: this.runId }, this.#text) });
    } else if (status === 'error') {
      this.#finish({
        error: new ParleyError('agent_failed', 'the run failed', { details: { runId: this.runId } }),
      });
    }
  }

  async #readTranscript() {
    const { sessionKey, agentId } = this.#params;
    const { messages } = await this.#hub.request('chat.history', {
      sessionKey,
      ...(agentId === undefined ? {} : { agentId }),
      limit: 100,
    });
    const reply = messages.findLast(
      (row) => row.role === 'assistant' && row.__openclaw?.runId === this.runId,
    );
    if (reply !== undefined) {
      this.#complete(reply, reply.stopReason);
    } else if (this.#end === null) {
      const message = 'the run has ended and its reply is not in the transcript';
      this.#finish({
        error: new ParleyError('unavailable', message, { details: { runId: this.runId, sessionKey } }),
      });
    }
  }

  async #next() {
    for (;;) {
      if (this.#finalRead) {
        return { done: true, value: undefined };
      }
      if (this.#text.length > this.#read) {
        return { done: false, value: this.#takeDelta() };
      }
      if (this.#end !== null) {
        this.#finalRead = true;
        return { done: false, value: this.#final() };
      }
      await this.#changed.wait();
    }
  }

  #final() {
    if ('error' in this.#end) {
      throw this.#end.error;
    }
    return this.#end.final;
  }

  #takeDelta() {
    const delta = { type: 'delta', text: this.#text.slice(this.#read) };
    if (this.#replaced) {
      delta.replace = true;
      this.#replaced = false;
    }
    this.#read = this.#text.length;
    return delta;
  }
}

/** The text of a message of the transcript; undefined when it has none. */
export function messageText(message) {
  const content = message?.content;
  if (typeof content === 'string') {
    return content;
  }
  if (!Array.isArray(content)) {
    return undefined;
  }
  const blocks = content.filter((block) => block?.type === 'text' && typeof block.text === 'string');
  return blocks.length === 0 ? undefined : blocks.map((block) => block.text).join('');
}

function deltaText(text, { deltaText: delta = '', replace, message }) {
  return messageText(message) ?? (replace ? delta : text + delta);
}

function abortedError({ runId, stopReason }, text) {
  return new ParleyError('cancelled', `the reply was stopped (${stopReason ?? 'no reason given'})`, {
    details: { runId, stopReason, text },
  });
}

function failedError({ runId, errorMessage, errorKind, errorCode = 'agent_failed' }) {
  return new ParleyError(errorCode, errorMessage ?? 'the agent failed and gave no reason', {
    details: { runId, errorKind },
    retryable: RETRYABLE.has(errorCode),
  });
}
