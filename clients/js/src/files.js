import { ParleyError, unreachable } from './errors.js';

/**
 * The files of one agent's workspace, by REST; bytes of any size are streamed. An entity tag is the
 * SHA-256 of a file's bytes in hexadecimal.
 */
export class Files {
  #base;
  #key;
  #fetch;
  #timeoutMs;

  /**
   * @param {string} url `http:` or `https:` address of the hub
   * @param {{key: string, agent?: string, timeoutMs?: number, fetch?: typeof globalThis.fetch}} options
   *     agent `main` and an hour for each request unless told otherwise
   */
  constructor(url, { key, agent = 'main', timeoutMs = 3_600_000, fetch = globalThis.fetch }) {
    this.#base = new URL(`/v1/agents/${encodeURIComponent(agent)}/workspace`, url).href;
    this.#key = key;
    this.#fetch = fetch;
    this.#timeoutMs = timeoutMs;
  }

  /** `{files, directories}` of a directory, or of all below it. */
  list({ directory, recursive } = {}) {
    return this.#json('GET', '', { directory, recursive });
  }

  /** A part of a file: `{file, offset, content, encoding, nextOffset?}`. */
  read(path, { offset, length, encoding } = {}) {
    return this.#json('GET', '/read', { path, offset, length, encoding });
  }

  /** Writes text of up to 1 MiB; answers what the file is then. */
  async write(path, content, { ifMatch, ifNoneMatch } = {}) {
    const params = { path, content, ifMatch, ifNoneMatch };
    return (await this.#json('POST', '/write', {}, params)).file;
  }

  /** Adds text to the end of a file, or makes it. */
  async append(path, content) {
    return (await this.#json('POST', '/append', {}, { path, content })).file;
  }

  move(source, target, { replace } = {}) {
    return this.#json('POST', '/move', {}, { source, target, replace });
  }

  /** Answers whether it was there. */
  async delete(path, { recursive, ifMatch } = {}) {
    const route = `/files/${encodeURIComponent(path)}`;
    return (await this.#json('DELETE', route, { recursive, ifMatch })).deleted;
  }

  /** `{matches, filesSearched, filesSkipped, after?}` by text, name, or both. */
  search(query) {
    return this.#json('GET', '/search', query);
  }

  /**
   * Sends bytes; answers what the file is then.
   *
   * @param {Blob | ArrayBuffer | Uint8Array | ReadableStream | string} body
   */
  async upload(path, body, { ifMatch, ifNoneMatch } = {}) {
    const streamed = typeof ReadableStream !== 'undefined' && body instanceof ReadableStream;
    const headers = defined({ 'if-match': quoted(ifMatch), 'if-none-match': quoted(ifNoneMatch) });
    const init = { method: 'PUT', body, headers, ...(streamed ? { duplex: 'half' } : {}) };
    const response = await this.#ask(`/files/${encodeURIComponent(path)}`, {}, init);
    return (await response.json()).file;
  }

  /** `{body, size, etag}`: the bytes as a `ReadableStream`. */
  async download(path) {
    const response = await this.#ask(`/files/${encodeURIComponent(path)}`, {}, { method: 'GET' });
    return {
      body: response.body,
      size: Number(response.headers.get('content-length')),
      etag: response.headers.get('etag')?.replaceAll('"', ''),
    };
  }

  async #json(method, route, query, body) {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return (await this.#ask(route, query, init)).json();
  }

  async #ask(route, query, init) {
    const search = new URLSearchParams(defined(query)).toString();
    const url = `${this.#base}${route}${search && `?${search}`}`;
    const headers = { ...init.headers, authorization: `Bearer ${this.#key}` };
    const signal = AbortSignal.timeout(this.#timeoutMs);
    let response;
    try {
      response = await this.#fetch(url, { ...init, headers, signal, redirect: 'error' });
    } catch (error) {
      throw unreachable(this.#base, error.cause?.message ?? error.message, { cause: error });
    }
    if (response.ok) {
      return response;
    }
    const answer = await response.json().catch(() => null);
    throw typeof answer?.error?.code === 'string'
      ? ParleyError.fromWire(answer.error)
      : new ParleyError('unavailable', `${this.#base} answered HTTP ${response.status}`, {
          details: { httpStatus: response.status },
          retryable: response.status >= 500,
        });
  }
}

function quoted(tag) {
  return tag === undefined || tag === '*' ? tag : `"${tag}"`;
}

function defined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
