/**
 * A server that speaks WebSocket by hand, byte for byte, so that tests can send what no library
 * would. It knows frames only; whatever is about the hub is tested with a hub.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Headers of a right answer to the upgrade, for a test to spoil. */
export function acceptHeaders(request) {
  const key = request.headers['sec-websocket-key'];
  return {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': createHash('sha1').update(key + GUID).digest('base64'),
  };
}

/** An unmasked frame, as servers send them. */
export function frame(opcode, payload = Buffer.alloc(0), { fin = true, rsv = 0, masked = false } = {}) {
  const data = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const bit = masked ? 0x80 : 0;
  let head;
  if (data.length < 126) {
    head = Buffer.from([first, bit | data.length]);
  } else if (data.length < 65_536) {
    head = Buffer.from([first, bit | 126, data.length >> 8, data.length & 0xff]);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = bit | 127;
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  return Buffer.concat([head, masked ? Buffer.alloc(4) : Buffer.alloc(0), data]);
}

/** Reads a client's frames off a socket, one at a time. */
export class ClientFrames {
  #bytes = Buffer.alloc(0);
  #socket;

  constructor(socket, head) {
    this.#socket = socket;
    this.#bytes = head;
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      socket.emit('more');
    });
  }

  async #need(size) {
    while (this.#bytes.length < size) {
      await once(this.#socket, 'more');
    }
  }

  /** `{fin, opcode, masked, lengthBytes, mask, payload}` of the next frame, unmasked. */
  async next() {
    await this.#need(2);
    const short = this.#bytes[1] & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    await this.#need(2 + lengthBytes);
    const length =
      lengthBytes === 0
        ? short
        : lengthBytes === 2
          ? this.#bytes.readUInt16BE(2)
          : Number(this.#bytes.readBigUInt64BE(2));
    const masked = (this.#bytes[1] & 0x80) !== 0;
    const start = 2 + lengthBytes + (masked ? 4 : 0);
    await this.#need(start + length);
    const [first] = this.#bytes;
    const mask = Buffer.from(this.#bytes.subarray(start - 4, start));
    const payload = Buffer.from(this.#bytes.subarray(start, start + length));
    this.#bytes = this.#bytes.subarray(start + length);
    if (masked) {
      payload.forEach((byte, i) => {
        payload[i] = byte ^ mask[i % 4];
      });
    }
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, masked, lengthBytes, mask, payload };
  }
}

/**
 * Starts a server on a free port of 127.0.0.1 that is stopped with the test.
 *
 * @param {import('node:test').TestContext} t
 * @param {(peer: {socket, frames: ClientFrames, request}) => void} onPeer after the upgrade
 * @param {{upgrade?: (request, socket, head) => void, request?: Function}} [own] handlers instead
 * @returns {Promise<string>} its ws: URL
 */
export async function startRawServer(t, onPeer, own = {}) {
  const server = http.createServer(own.request);
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on(
    'upgrade',
    own.upgrade ??
      ((request, socket, head) => {
        respond(socket, acceptHeaders(request));
        onPeer({ socket, frames: new ClientFrames(socket, head), request });
      }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return `ws://127.0.0.1:${server.address().port}`;
}

/** Writes the answer to an upgrade. */
export function respond(socket, headers, status = '101 Switching Protocols') {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write([`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n'));
}
