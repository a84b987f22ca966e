/**
 * A WebSocket client (RFC 6455) for Node versions without one. It has the part of the browser's
 * interface that the SDK uses: `onopen`, `onmessage`, `onerror`, `onclose`, `send`, `close`,
 * `readyState`, `bufferedAmount`. It offers no extension and no subprotocol.
 */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

import { FrameReader, OPCODE, WebSocketFault, encodeClose, encodeFrame } from './ws-frames.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_REFUSAL_BYTES = 4096;
const MAX_UNSENT_PONG_BYTES = 1 << 20;
const NO_CLOSE_FRAME = { code: 1006, reason: '', wasClean: false };

export class NodeWebSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  readyState = NodeWebSocket.CONNECTING;

  #request;
  #socket = null;
  #reader;
  #handshakeTimer;
  #closeTimer = null;
  #closeTimeoutMs;
  #outcome = NO_CLOSE_FRAME;

  /**
   * @param {string | URL} url `ws:` or `wss:`
   * @param {{maxPayload?: number, handshakeTimeoutMs?: number, closeTimeoutMs?: number,
   *     headers?: Record<string, string>, tls?: import('node:tls').ConnectionOptions}} [options]
   *     `maxPayload`: largest message accepted, bytes, default 25 MiB
   */
  constructor(url, options = {}) {
    const { maxPayload = 25 << 20, handshakeTimeoutMs = 15_000, closeTimeoutMs = 5_000 } = options;
    const target = new URL(url);
    if (target.protocol !== 'ws:' && target.protocol !== 'wss:') {
      throw new SyntaxError(`a WebSocket URL begins with ws: or wss:, got ${target.protocol}`);
    }
    if (target.hash) {
      throw new SyntaxError('a WebSocket URL has no fragment');
    }
    this.url = target.href;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#reader = new FrameReader(maxPayload);
    this.#handshakeTimer = setTimeout(
      () => this.#fail(new Error(`no WebSocket handshake within ${handshakeTimeoutMs} ms`)),
      handshakeTimeoutMs,
    );
    this.#request = this.#upgrade(target, options);
  }

  get bufferedAmount() {
    return this.#socket?.writableLength ?? 0;
  }

  /**
   * Sends a message. Like a browser's socket, one that is closing or closed drops it.
   *
   * @param {string | Uint8Array} data text, or bytes for a binary message
   */
  send(data) {
    if (this.readyState === NodeWebSocket.CONNECTING) {
      throw new Error('the WebSocket is not open yet');
    }
    if (this.readyState === NodeWebSocket.OPEN) {
      const text = typeof data === 'string';
      this.#write(text ? OPCODE.TEXT : OPCODE.BINARY, text ? Buffer.from(data, 'utf8') : data);
    }
  }

  /**
   * Starts the closing handshake; the socket is cut if the peer does not answer in time.
   *
   * @param {number} [code] 1000 or 3000 to 4999
   * @param {string} [reason] at most 123 bytes
   */
  close(code, reason = '') {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new RangeError(`close code must be 1000 or 3000 to 4999, got ${code}`);
    }
    if (Buffer.byteLength(reason) > 123) {
      throw new RangeError('the close reason is longer than 123 bytes');
    }
    if (this.readyState === NodeWebSocket.CONNECTING) {
      this.#fail(new Error('closed before the connection was established'));
    } else if (this.readyState === NodeWebSocket.OPEN) {
      this.#beginClose(code === undefined ? Buffer.alloc(0) : encodeClose(code, reason));
    }
  }

  /** Cuts the connection without a closing handshake. */
  terminate() {
    if (this.readyState === NodeWebSocket.CONNECTING) {
      this.#fail(new Error('terminated'));
    } else {
      this.#socket?.destroy();
    }
  }

  #upgrade(target, { headers = {}, tls = {} }) {
    const secure = target.protocol === 'wss:';
    const key = randomBytes(16).toString('base64');
    const request = (secure ? https : http).request({
      ...(secure ? tls : {}),
      host: target.hostname.replace(/^\[|\]$/g, ''),
      port: target.port || (secure ? 443 : 80),
      path: target.pathname + target.search,
      agent: false,
      headers: {
        ...headers,
        Host: target.host,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Key': key,
        'Sec-WebSocket-Version': '13',
      },
    });
    request.on('error', (error) => this.#fail(error));
    request.on('response', (response) => this.#refused(response));
    request.on('upgrade', (response, socket, head) => {
      socket.on('error', () => {});
      const fault = handshakeFault(response, key);
      if (fault !== null || this.readyState !== NodeWebSocket.CONNECTING) {
        socket.destroy();
        this.#fail(new Error(fault ?? 'closed'));
      } else {
        this.#open(socket, head);
      }
    });
    request.end();
    return request;
  }

  #refused(response) {
    let body = '';
    response.setEncoding('utf8');
    response.on('error', (error) => this.#fail(error));
    response.on('data', (text) => {
      body = (body + text).slice(0, MAX_REFUSAL_BYTES);
    });
    response.on('end', () => {
      const error = new Error(`the server refused the WebSocket with HTTP ${response.statusCode}`);
      this.#fail(Object.assign(error, { status: response.statusCode, body }));
    });
  }

  #open(socket, head) {
    clearTimeout(this.#handshakeTimer);
    this.#socket = socket;
    this.readyState = NodeWebSocket.OPEN;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#closed());
    this.onopen?.({ type: 'open' });
    if (head.length > 0) {
      this.#receive(head);
    }
  }

  #receive(chunk) {
    if (this.#outcome !== NO_CLOSE_FRAME) {
      return;
    }
    this.#reader.push(chunk);
    try {
      let message = this.#reader.next();
      while (message !== null) {
        this.#dispatch(message);
        message = this.#outcome === NO_CLOSE_FRAME ? this.#reader.next() : null;
      }
    } catch (error) {
      if (!(error instanceof WebSocketFault)) {
        throw error;
      }
      this.#breakOff(error);
    }
  }

  #dispatch(message) {
    switch (message.type) {
      case 'text':
      case 'binary':
        if (this.readyState === NodeWebSocket.OPEN) {
          this.onmessage?.({ type: 'message', data: message.text ?? message.data });
        }
        break;
      case 'ping':
        if (this.readyState === NodeWebSocket.OPEN && this.bufferedAmount < MAX_UNSENT_PONG_BYTES) {
          this.#write(OPCODE.PONG, message.data);
        }
        break;
      case 'close':
        this.#answerClose(message);
        break;
      default:
        break;
    }
  }

  #answerClose({ code, reason }) {
    this.#outcome = { code, reason, wasClean: true };
    if (this.readyState === NodeWebSocket.OPEN) {
      this.#beginClose(code === 1005 ? Buffer.alloc(0) : encodeClose(code, ''));
    }
    this.#socket.end();
  }

  #breakOff(fault) {
    this.#outcome = { code: fault.closeCode, reason: fault.message, wasClean: false };
    if (this.readyState === NodeWebSocket.OPEN) {
      this.#beginClose(encodeClose(fault.closeCode, fault.message));
    }
    this.onerror?.({ type: 'error', error: fault, message: fault.message });
    this.#socket.end();
  }

  #beginClose(payload) {
    this.#write(OPCODE.CLOSE, payload);
    this.readyState = NodeWebSocket.CLOSING;
    this.#closeTimer = setTimeout(() => this.#socket?.destroy(), this.#closeTimeoutMs);
  }

  #write(opcode, payload) {
    if (this.#socket.writable) {
      this.#socket.write(encodeFrame(opcode, payload));
    }
  }

  #fail(error) {
    if (this.readyState !== NodeWebSocket.CONNECTING) {
      return;
    }
    this.readyState = NodeWebSocket.CLOSED;
    clearTimeout(this.#handshakeTimer);
    queueMicrotask(() => {
      this.#request.destroy();
      this.onerror?.({ type: 'error', error, message: error.message });
      this.onclose?.({ type: 'close', ...NO_CLOSE_FRAME });
    });
  }

  #closed() {
    clearTimeout(this.#closeTimer);
    this.readyState = NodeWebSocket.CLOSED;
    this.#socket = null;
    this.onclose?.({ type: 'close', ...this.#outcome });
  }
}

/** What is wrong with the answer to the upgrade (section 4.1), or null. */
function handshakeFault({ statusCode, headers }, key) {
  const expected = createHash('sha1').update(key + GUID).digest('base64');
  const connection = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  if (statusCode !== 101) {
    return `the answer to the upgrade was HTTP ${statusCode}, expected 101`;
  }
  if ((headers.upgrade ?? '').toLowerCase() !== 'websocket' || !connection.includes('upgrade')) {
    return 'the server did not upgrade to websocket';
  }
  if (headers['sec-websocket-accept'] !== expected) {
    return 'the server answered with a wrong Sec-WebSocket-Accept';
  }
  if (headers['sec-websocket-extensions'] || headers['sec-websocket-protocol']) {
    return 'the server chose an extension or a subprotocol that was not offered';
  }
  return null;
}
