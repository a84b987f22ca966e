/** The JavaScript SDK of Parley, for browsers and Node. */

/** The version of this package. */
export const VERSION: string;

/** `tenant/agent`. */
export type AgentAddress = string;

/** The names of the protocol's errors; a later hub may have more. */
export type ErrorCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'budget_exceeded'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'payload_too_large'
  | 'precondition_failed'
  | 'rate_limited'
  | 'limit_exceeded'
  | 'mailbox_full'
  | 'loop_detected'
  | 'cancelled'
  | 'deadline_exceeded'
  | 'agent_failed'
  | 'agent_offline'
  | 'unavailable'
  | 'internal'
  /** This connection is closed for good: by its owner, or by the hub (`details.closeCode`). */
  | 'closed'
  | (string & {});

/**
 * The one error of the SDK: the hub's, or its own (`closed`; `unavailable` for a lost connection;
 * `limit_exceeded`, `payload_too_large` and `deadline_exceeded` for its own bounds).
 *
 * A handler of `serveAgent` throws one to tell the caller what went wrong.
 */
export class ParleyError extends Error {
  constructor(
    code: ErrorCode,
    message: string,
    more?: {
      details?: Record<string, unknown>;
      retryable?: boolean;
      retryAfterMs?: number;
      cause?: unknown;
    },
  );
  readonly name: 'ParleyError';
  /** Decide by this; the message is for people. */
  readonly code: ErrorCode;
  readonly details: Record<string, any>;
  /** Whether the same again may succeed. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
}

export interface SignupParams {
  /** The id, part of every address: lower-case letters, digits, single hyphens. */
  tenant: string;
  displayName?: string;
  /** The id of the first agent; default `main`. */
  agent?: string;
  /** Needed when the hub takes sign-ups by invitation. */
  invite?: string;
}

export interface Signup {
  tenant: { id: string; [name: string]: any };
  key: { id: string; role: string; [name: string]: any };
  /** The API key; shown this once. */
  secret: string;
  agent: AgentAddress;
}

/** Makes a tenant with its owner key and its first agent, over REST. */
export function signup(
  url: string,
  params: SignupParams,
  options?: { timeoutMs?: number; fetch?: typeof globalThis.fetch },
): Promise<Signup>;

/** What the SDK uses of the standard's WebSocket; the class of the package `ws` has it too. */
export type WebSocketClass = new (url: string) => {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
};

export interface ReconnectOptions {
  /** The first pause; half of each pause is random. Default 1,000. */
  minDelayMs?: number;
  /** What the pause doubles up to. Default 30,000. */
  maxDelayMs?: number;
  /** Attempts in a row after which the connection is closed. Default: no limit. */
  maxAttempts?: number;
}

export interface ConnectOptions {
  /** The API key, or a function that is asked for it before every attempt. */
  key: string | (() => string | Promise<string>);
  /** `false`: a lost connection is the end. */
  reconnect?: ReconnectOptions | false;
  /** Gives rights up: `operator.read`, `operator.write`, `operator.admin`. Default: all the key has. */
  scopes?: string[];
  /** Optional features of the protocol. */
  caps?: string[];
  /** How this client introduces itself; other clients of the tenant see it. */
  client?: {
    id?: string;
    displayName?: string;
    version?: string;
    platform?: string;
    mode?: string;
    instanceId?: string;
  };
  /** From the upgrade to the hub's greeting. Default 15,000. */
  handshakeTimeoutMs?: number;
  /** How long a request waits for its answer. Default 30,000. */
  requestTimeoutMs?: number;
  /** The deadline of a call that names none. Default 60,000. */
  callTimeoutMs?: number;
  /** The deadline of a chat that names none. Default 600,000. */
  chatTimeoutMs?: number;
  /** How many requests may wait for the connection. Default 1,000. */
  maxQueued?: number;
  /** How many bytes of them. Default 16 MiB. */
  maxQueuedBytes?: number;
  /** Called with every event of the hub. */
  onEvent?: (event: { event: string; payload: any; seq?: number }) => void;
  /** The WebSocket class, for runtimes without a global one. */
  webSocket?: WebSocketClass;
}

/** What the hub said when it let this connection in. */
export interface HelloOk {
  type: 'hello-ok';
  protocol: number;
  server: { version: string; connId: string };
  features: { methods: string[]; events: string[] };
  snapshot: Record<string, any>;
  auth: {
    role: 'operator' | 'agent';
    scopes: string[];
    /** Absent for a key of the platform. */
    tenant?: string;
    tenantRole?: string;
    agent?: string;
    keyId?: string;
  };
  policy: {
    maxPayload: number;
    maxBufferedBytes: number;
    tickIntervalMs: number;
    maxDepth?: number;
    resumeMs?: number;
    maxInFlight?: number;
  };
  resumed?: boolean;
}

/** Events are missing: load anew what was built from them. */
export type Gap =
  | { reason: 'missed'; expected: number; received: number }
  | { reason: 'not-resumed' };

/** The events of the SDK itself. */
export interface ConnectionEvents {
  gap: Gap;
  /** The connection is lost; the SDK tries to come back. */
  disconnect: ParleyError;
  reconnect: { url: string; resumed: boolean; attempt: number };
  /** The connection is closed for good: by `close()`, or by the hub (a revoked key, for example). */
  close: ParleyError;
}

export interface RequestOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  /** For methods that answer twice (`agent`): pass over the first answer. */
  expectFinal?: boolean;
}

export interface ChatOptions {
  /** The id of the own agent; default: the tenant's first. */
  agent?: string;
  /** The key of the session; default `main`. */
  session?: string;
  sessionId?: string;
  attachments?: object[];
  timeoutMs?: number;
  /** The same message under the same key is answered once. Default: a random one. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export type ChatEvent =
  /** A piece of the reply. With `replace` it is the whole text so far, unlike what was read. */
  | { type: 'delta'; text: string; replace?: true }
  /** The whole reply. */
  | { type: 'final'; text: string; runId: string; message: any; stopReason?: string };

/** One reply of an own agent while it is written. Leaving its loop early stops the run. */
export interface ChatRun extends AsyncIterable<ChatEvent> {
  readonly runId: string;
  /** Waits for the end and returns the whole reply. */
  text(): Promise<string>;
  /** Stops the run; its reader gets an error `cancelled`. */
  abort(): Promise<void>;
  [Symbol.asyncIterator](): AsyncIterator<ChatEvent, undefined>;
}

export interface CallOptions {
  /** How long the agent may take; default `callTimeoutMs`. */
  timeoutMs?: number;
  /** The id of the own agent to call as. */
  from?: string;
  conversation?: string;
  /**
   * The id of the message. A call that has one of its caller's is sent again after a lost
   * connection; its agent may then see it twice, with this id. Others fail, retryable.
   */
  messageId?: string;
  /** The id of the message being handled that causes this call; `MessageContext` fills it in. */
  parent?: string;
  /** Cancels the call, at the agent too. */
  signal?: AbortSignal;
}

export interface StreamOptions extends CallOptions {
  /** How many chunks the agent may send ahead of the reader, 1 to 65536. Default 64. */
  window?: number;
  /** Bytes of chunks that may wait for the reader. Default 64 MiB. */
  maxBufferedBytes?: number;
}

export interface Reply<T = any> {
  payload: T;
  messageId: string;
  from: AgentAddress;
  conversation: string;
  charge?: { millicents: number; tokens: number; payer?: string };
}

/**
 * A reply in pieces. Leaving its loop early cancels the call. After a lost connection it goes on
 * without a gap or a repeat, for as long as the hub keeps what is missing; else its reader gets an
 * error `conflict` with `details.reason` `chunks_lost`, or `unavailable`.
 */
export interface CallStream<C = any, T = any> extends AsyncIterable<C> {
  /** The end of the call. */
  reply(): Promise<Reply<T>>;
  /** Cancels the call; its reader gets an error `cancelled`. */
  cancel(): void;
  [Symbol.asyncIterator](): AsyncIterator<C, undefined>;
}

/** Events by name; `on` returns a function that removes the listener. */
interface EventSource {
  on<N extends keyof ConnectionEvents>(
    name: N,
    listener: (payload: ConnectionEvents[N]) => void,
  ): () => void;
  on(name: string, listener: (payload: any) => void): () => void;
  off(name: string, listener: (payload: any) => void): void;
}

export interface SendOptions {
  /** The id of the own agent to send as. */
  from?: string;
  /** Messages of one conversation are handled in order; by default each is one of its own. */
  conversation?: string;
  /** By which the hub tells the same message when it is sent again; by default a new one. */
  messageId?: string;
  /** The id of the message being handled that causes this one. */
  parent?: string;
  /** How long it may wait for its agent; 7 days by default. */
  ttlMs?: number;
  priority?: 'high' | 'normal' | 'low';
  /** Stops waiting for the hub's answer; a message that was sent is sent. */
  signal?: AbortSignal;
}

export interface SentMessage {
  messageId: string;
  /** `accepted`, or what has become of the same message when it was sent before. */
  status: 'accepted' | 'delivered' | 'handled' | 'failed' | 'expired';
}

/** A document of memory without its text. */
export interface MemoryDocument {
  id: string;
  agentId: string;
  bytes: number;
  tags: string[];
  session?: string;
  createdAt: number;
  updatedAt: number;
}

/** A document, or a Markdown file of the agent's workspace, or some lines of it. */
export interface MemoryText {
  id: string;
  agentId: string;
  kind: 'document' | 'file';
  text: string;
  from: number;
  lines: number;
  totalLines: number;
  tags?: string[];
  session?: string;
  updatedAt: number;
}

/** A part of memory that a search has found. */
export interface MemoryHit {
  agentId: string;
  /** For `get`. */
  id: string;
  kind: 'document' | 'file';
  startLine: number;
  endLine: number;
  /** 0 to 1. */
  score: number;
  /** BM25; absent when no word matched. */
  textScore?: number;
  /** Cosine; absent when too far. */
  vectorScore?: number;
  snippet: string;
  citation: string;
  tags: string[];
  session?: string;
  updatedAt: number;
}

export interface MemoryFilter {
  /** Whose memory; all of the tenant's agents by default, for an agent its own. */
  agent?: string;
  session?: string;
  tag?: string;
  /** Updated then or later, epoch milliseconds. */
  since?: number;
  /** Updated before then. */
  before?: number;
  limit?: number;
}

export interface MemoryFound {
  agentId?: string;
  /** Who made the query's vector: `hashing` is built in. */
  provider: string;
  model?: string;
  searchMode: 'hybrid';
  results: MemoryHit[];
  /** Why the tenant's embedding model was not used. */
  degraded?: { code: string; message: string };
}

/** What agents remember: Markdown documents, and `MEMORY.md` and `memory/*.md` of workspaces. */
export interface Memory {
  /** Puts a document; resolves when it is on the hub's disk. */
  put(
    text: string,
    options?: { id?: string; agent?: string; tags?: string[]; session?: string },
  ): Promise<MemoryDocument>;
  get(id: string, options?: { agent?: string; from?: number; lines?: number }): Promise<MemoryText>;
  list(
    options?: MemoryFilter & { cursor?: string },
  ): Promise<{ documents: MemoryDocument[]; cursor?: string }>;
  search(query: string, options?: MemoryFilter): Promise<MemoryFound>;
  /** Resolves to whether the document was there. */
  delete(id: string, options?: { agent?: string }): Promise<boolean>;
}

/** A connection to a hub, across its reconnections. */
export interface Hub extends EventSource {
  readonly state: 'open' | 'reconnecting' | 'closed';
  /** The greeting of the newest connection. */
  readonly hello: HelloOk;
  /** Sends a request of any method of the contract. */
  request<T = any>(method: string, params?: object, options?: RequestOptions): Promise<T>;
  readonly memory: Memory;
  /** Sends a message to an own agent. */
  chat(message: string, options?: ChatOptions): ChatRun;
  /** Calls an agent: `tenant/agent`, or `market:tenant/listing`. */
  call<T = any>(to: string, payload: unknown, options?: CallOptions): Promise<Reply<T>>;
  /** Puts a message into an agent's mailbox; resolves when the hub has it for good. */
  send(to: string, payload: unknown, options?: SendOptions): Promise<SentMessage>;
  /** Calls an agent that answers in pieces. */
  stream<C = any, T = any>(to: string, payload: unknown, options?: StreamOptions): CallStream<C, T>;
  /** Closes the connection for good; what is under way fails with the code `closed`. */
  close(): void;
}

/**
 * Connects to a hub as a person, or as a program that acts for its tenant.
 *
 * @param urls `ws:`, `wss:`, `http:` or `https:`; of several, each is tried in turn
 * @throws ParleyError `unauthorized` for a wrong key, `unavailable` when no URL answers
 */
export function connect(urls: string | string[], options: ConnectOptions): Promise<Hub>;

/** A message that was delivered to an agent. */
export interface Message<P = any> {
  id: string;
  /** `tenant` or `tenant/agent`; set by the hub, can be trusted. */
  from: string;
  to: AgentAddress;
  conversation: string;
  kind: 'call' | 'stream' | 'send';
  /** How many messages led to this one. */
  hops: number;
  causes?: { message: string; handler: AgentAddress; sent?: boolean }[];
  /** When the caller stops waiting: epoch milliseconds. */
  deadline: number;
  traceparent?: string;
  payload: P;
}

/** What a handler may do while it handles a message. */
export interface MessageContext<P = any> {
  readonly hub: Hub;
  readonly message: Message<P>;
  /** Aborted when the message is cancelled, its deadline passes, or the connection is lost. */
  readonly signal: AbortSignal;
  /** Sends a piece of the reply; resolves when there is room for more. Not for a plain call. */
  chunk(payload?: unknown): Promise<void>;
  /** `Hub.call`, caused by this message and cancelled with it. */
  call<T = any>(to: string, payload: unknown, options?: CallOptions): Promise<Reply<T>>;
  /** `Hub.stream`, caused by this message and cancelled with it. */
  stream<C = any, T = any>(to: string, payload: unknown, options?: StreamOptions): CallStream<C, T>;
}

export interface ServeOptions extends Omit<ConnectOptions, 'scopes'> {
  /** The id of the agent, of kind `remote`. */
  agent: string;
  /** How many messages at once; more wait at the hub. Default 32. */
  window?: number;
  /**
   * How many sent messages are remembered, so that the handler does not get one twice that was
   * delivered twice. Default 10,000; 0 remembers none.
   */
  remembered?: number;
  /** Told what a handler threw; default: `console.error`. */
  onError?: (error: unknown, message: Message) => void;
}

/** A process that is an agent. */
export interface Agent extends EventSource {
  readonly hub: Hub;
  readonly address: AgentAddress;
  /** How many messages are being handled. */
  readonly running: number;
  /** Takes no more messages, lets those under way finish for `drainMs` (default 0), then closes. */
  close(options?: { drainMs?: number }): Promise<void>;
}

/**
 * Connects as an agent and answers its messages until closed.
 *
 * @param handler returns the reply; a `ParleyError` that it throws is told to the caller, anything
 *     else only to `onError`
 */
export function serveAgent<P = any>(
  urls: string | string[],
  options: ServeOptions,
  handler: (message: Message<P>, ctx: MessageContext<P>) => unknown,
): Promise<Agent>;

/** The text of a message of a transcript (`chat.history`); undefined when it has none. */
export function messageText(message: unknown): string | undefined;

/** A file of a workspace. */
export interface FileEntry {
  path: string;
  /** Bytes. */
  size: number;
  /** Epoch milliseconds. */
  updatedAt: number;
  /** SHA-256 of the bytes, hexadecimal, where the file was read or written. */
  etag?: string;
}

export interface FilesOptions {
  key: string;
  /** Whose files. Default `main`. */
  agent?: string;
  /** For each request with all its bytes. Default an hour. */
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch;
}

/** The files of one agent's workspace, by REST; all fail with `ParleyError`. */
export class Files {
  constructor(url: string, options: FilesOptions);
  list(options?: {
    directory?: string;
    recursive?: boolean;
  }): Promise<{ files: FileEntry[]; directories: string[] }>;
  read(
    path: string,
    options?: { offset?: number; length?: number; encoding?: 'utf8' | 'base64' },
  ): Promise<{
    file: FileEntry;
    offset: number;
    content: string;
    encoding: string;
    nextOffset?: number;
  }>;
  write(
    path: string,
    content: string,
    options?: { ifMatch?: string; ifNoneMatch?: string },
  ): Promise<FileEntry>;
  append(path: string, content: string): Promise<FileEntry>;
  move(source: string, target: string, options?: { replace?: boolean }): Promise<{ path: string }>;
  delete(path: string, options?: { recursive?: boolean; ifMatch?: string }): Promise<boolean>;
  search(query: {
    text?: string;
    name?: string;
    directory?: string;
    ignoreCase?: boolean;
    limit?: number;
    after?: string;
  }): Promise<{
    matches: { path: string; line?: number; text?: string }[];
    filesSearched: number;
    filesSkipped: number;
    after?: string;
  }>;
  upload(
    path: string,
    body: Blob | ArrayBuffer | Uint8Array | ReadableStream | string,
    options?: { ifMatch?: string; ifNoneMatch?: string },
  ): Promise<FileEntry>;
  download(
    path: string,
  ): Promise<{ body: ReadableStream<Uint8Array>; size: number; etag?: string }>;
}
