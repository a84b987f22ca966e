import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NodeWebSocket } from '../src/node-websocket.js';
import { acceptHeaders, frame, respond, startRawServer } from './raw-server.js';

const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const opened = (ws) =>
  new Promise((resolve, reject) => {
    ws.onopen = () => resolve(ws);
    ws.onerror = (event) => reject(event.error);
  });

const closed = (ws) => new Promise((resolve) => (ws.onclose = resolve));

const failed = (ws) =>
  new Promise((resolve) => {
    ws.onerror = (event) => resolve(event.error);
  });

/** A client and the server's end of its connection. */
async function pair(t, options) {
  let take;
  const peer = new Promise((resolve) => (take = resolve));
  const url = await startRawServer(t, take);
  const ws = new NodeWebSocket(url, options);
  t.after(() => ws.terminate());
  const received = [];
  const inbox = { received, more: () => {} };
  ws.onmessage = ({ data }) => {
    received.push(data);
    inbox.more();
  };
  const [, server] = await Promise.all([opened(ws), peer]);
  ws.onerror = null;
  const messages = async (count) => {
    while (received.length < count) {
      await new Promise((resolve) => (inbox.more = resolve));
    }
    return received;
  };
  return { ws, server, messages };
}

function closeFrame(code, reason = '') {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code);
  return frame(CLOSE, payload);
}

/** What the client does when the server sends `bytes`: how it closes, and with which frame. */
async function reactionTo(t, bytes, options) {
  const { ws, server } = await pair(t, options);
  const close = closed(ws);
  server.socket.write(bytes);
  const answer = await server.frames.next();
  server.socket.end();
  return { close: await close, code: answer.payload.readUInt16BE(0), opcode: answer.opcode };
}

test('every length is sent in its shortest form, masked, and arrives as it was', async (t) => {
  const { ws, server } = await pair(t);
  const cases = [
    [0, 0],
    [1, 0],
    [125, 0],
    [126, 2],
    [65_535, 2],
    [65_536, 8],
    [200_003, 8],
  ];
  for (const [length, lengthBytes] of cases) {
    const text = 'x'.repeat(length);
    ws.send(text);
    const got = await server.frames.next();
    assert.equal(got.payload.toString(), text);
    assert.deepEqual(
      [got.opcode, got.fin, got.masked, got.lengthBytes],
      [TEXT, true, true, lengthBytes],
    );
  }
});

test('masks differ from frame to frame', async (t) => {
  const { ws, server } = await pair(t);
  const masks = new Set();
  for (let i = 0; i < 50; i++) {
    ws.send('same');
    masks.add((await server.frames.next()).mask.toString('hex'));
  }
  assert.ok(masks.size >= 49, `only ${masks.size} different masks in 50 frames`);
});

test('bytes are sent as a binary message and left unchanged by masking', async (t) => {
  const { ws, server } = await pair(t);
  const bytes = new Uint8Array([1, 2, 3, 254]);
  ws.send(bytes);
  const got = await server.frames.next();
  assert.equal(got.opcode, BINARY);
  assert.deepEqual([...got.payload], [1, 2, 3, 254]);
  assert.deepEqual([...bytes], [1, 2, 3, 254]);
});

test('a message arrives whole however its bytes are cut', async (t) => {
  const { server, messages } = await pair(t);
  const texts = ['grüße 😀', 'y'.repeat(70_000), '', 'z'.repeat(126)];
  const bytes = Buffer.concat(texts.map((text) => frame(TEXT, text)));
  server.socket.setNoDelay(true);
  for (let at = 0, size = 1; at < bytes.length; at += size, size = Math.min(size * 2, 1500)) {
    await new Promise((resolve) => server.socket.write(bytes.subarray(at, at + size), resolve));
  }
  assert.deepEqual(await messages(4), texts);
});

test('fragments are joined, also when they split a character and surround a ping', async (t) => {
  const { server, messages } = await pair(t);
  const text = Buffer.from('a😀b');
  server.socket.write(
    Buffer.concat([
      frame(TEXT, text.subarray(0, 3), { fin: false }),
      frame(PING, 'between'),
      frame(CONTINUATION, Buffer.alloc(0), { fin: false }),
      frame(CONTINUATION, text.subarray(3)),
    ]),
  );
  const pong = await server.frames.next();
  assert.deepEqual([pong.opcode, pong.payload.toString()], [PONG, 'between']);
  assert.deepEqual(await messages(1), ['a😀b']);
});

test('a message that comes in the same packet as the handshake is not lost', async (t) => {
  const upgrade = (request, socket) => {
    socket.cork();
    respond(socket, acceptHeaders(request));
    socket.write(frame(TEXT, 'early'));
    socket.uncork();
  };
  const url = await startRawServer(t, () => {}, { upgrade });
  const ws = new NodeWebSocket(url);
  t.after(() => ws.terminate());
  const data = await new Promise((resolve) => {
    ws.onmessage = (event) => resolve(event.data);
  });
  assert.equal(data, 'early');
});

test('an unasked pong is ignored', async (t) => {
  const { server, messages } = await pair(t);
  server.socket.write(Buffer.concat([frame(PONG, 'x'), frame(TEXT, 'still here')]));
  assert.deepEqual(await messages(1), ['still here']);
});

test('a close by the server is answered with its code and reported clean', async (t) => {
  const { ws, server } = await pair(t);
  const close = closed(ws);
  server.socket.write(closeFrame(1012, 'restart'));
  const answer = await server.frames.next();
  assert.deepEqual([answer.opcode, answer.payload.readUInt16BE(0)], [CLOSE, 1012]);
  server.socket.end();
  const { code, reason, wasClean } = await close;
  assert.deepEqual({ code, reason, wasClean }, { code: 1012, reason: 'restart', wasClean: true });
  assert.equal(ws.readyState, NodeWebSocket.CLOSED);
});

test('a close by us carries code and reason and ends with the answer of the server', async (t) => {
  const { ws, server } = await pair(t);
  const close = closed(ws);
  ws.close(4000, 'tick timeout');
  ws.send('dropped: the socket is closing');
  const sent = await server.frames.next();
  assert.deepEqual([sent.opcode, sent.payload.readUInt16BE(0)], [CLOSE, 4000]);
  assert.equal(sent.payload.subarray(2).toString(), 'tick timeout');
  server.socket.end(closeFrame(4000));
  assert.equal((await close).code, 4000);
});

test('a server that does not answer our close is cut off', async (t) => {
  const { ws } = await pair(t, { closeTimeoutMs: 20 });
  const close = closed(ws);
  ws.close();
  assert.deepEqual((({ code, wasClean }) => [code, wasClean])(await close), [1006, false]);
});

test('a connection that ends without a close frame is 1006', async (t) => {
  const { ws, server } = await pair(t);
  const close = closed(ws);
  server.socket.destroy();
  assert.equal((await close).code, 1006);
});

test('a close without a code is 1005', async (t) => {
  const { ws, server } = await pair(t);
  const close = closed(ws);
  server.socket.write(frame(CLOSE));
  assert.equal((await server.frames.next()).payload.length, 0);
  server.socket.end();
  assert.equal((await close).code, 1005);
});

const violations = {
  'text that is not UTF-8': [1007, frame(TEXT, [0xc3, 0x28])],
  'a surrogate in UTF-8': [1007, frame(TEXT, [0xed, 0xa0, 0x80])],
  'a character cut off at the end of the message': [1007, frame(TEXT, [0xf0, 0x9f, 0x98])],
  'a masked frame': [1002, frame(TEXT, 'x', { masked: true })],
  'a reserved bit': [1002, frame(TEXT, 'x', { rsv: 4 })],
  'a reserved opcode': [1002, frame(3, 'x')],
  'a reserved control opcode': [1002, frame(11, 'x')],
  'a continuation without a start': [1002, frame(CONTINUATION, 'x')],
  'a new message inside another': [
    1002,
    Buffer.concat([frame(TEXT, 'x', { fin: false }), frame(TEXT, 'y')]),
  ],
  'a fragmented ping': [1002, frame(PING, 'x', { fin: false })],
  'a ping of 126 bytes': [1002, frame(PING, 'x'.repeat(126))],
  'a length of 5 in 16 bits': [1002, Buffer.from([0x81, 126, 0, 5])],
  'a length of 300 in 64 bits': [1002, Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 1, 44])],
  'a close frame of one byte': [1002, frame(CLOSE, 'x')],
  'the close code 1005': [1002, closeFrame(1005)],
  'the close code 2999': [1002, closeFrame(2999)],
  'a close reason that is not UTF-8': [1007, frame(CLOSE, [3, 232, 0xff])],
};

for (const [what, [code, bytes]] of Object.entries(violations)) {
  test(`${what} ends the connection with ${code}`, async (t) => {
    const reaction = await reactionTo(t, bytes);
    assert.deepEqual([reaction.opcode, reaction.code, reaction.close.code], [CLOSE, code, code]);
    assert.equal(reaction.close.wasClean, false);
  });
}

test('a message above maxPayload is refused by its head, before its bytes', async (t) => {
  const head = Buffer.from([0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]);
  assert.equal((await reactionTo(t, head, { maxPayload: 1000 })).code, 1009);
});

test('fragments together above maxPayload are refused', async (t) => {
  const part = (fin, opcode) => frame(opcode, 'x'.repeat(600), { fin });
  const bytes = Buffer.concat([part(false, TEXT), part(true, CONTINUATION)]);
  assert.equal((await reactionTo(t, bytes, { maxPayload: 1000 })).code, 1009);
});

test('a message of exactly maxPayload bytes is taken', async (t) => {
  const { server, messages } = await pair(t, { maxPayload: 1000 });
  server.socket.write(frame(TEXT, 'x'.repeat(1000)));
  assert.equal((await messages(1))[0].length, 1000);
});

test('a message in endless fragments is refused', async (t) => {
  const one = frame(CONTINUATION, 'x', { fin: false });
  const bytes = Buffer.concat([frame(TEXT, 'x', { fin: false }), ...Array(20_000).fill(one)]);
  assert.equal((await reactionTo(t, bytes)).code, 1009);
});

const badAnswers = {
  'a wrong accept key': (headers) => ({ ...headers, 'Sec-WebSocket-Accept': 'bm8=' }),
  'no accept key': ({ Upgrade, Connection }) => ({ Upgrade, Connection }),
  'another upgrade': (headers) => ({ ...headers, Upgrade: 'h2c' }),
  'an extension': (headers) => ({ ...headers, 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
  'a subprotocol': (headers) => ({ ...headers, 'Sec-WebSocket-Protocol': 'chat' }),
};

for (const [what, spoil] of Object.entries(badAnswers)) {
  test(`a handshake with ${what} fails`, async (t) => {
    const upgrade = (request, socket) => respond(socket, spoil(acceptHeaders(request)));
    const ws = new NodeWebSocket(await startRawServer(t, () => {}, { upgrade }));
    const [error, close] = await Promise.all([failed(ws), closed(ws)]);
    assert.ok(error instanceof Error);
    assert.equal(close.code, 1006);
  });
}

test('an HTTP refusal is an error with its status and body', async (t) => {
  const body = JSON.stringify({ error: { code: 'forbidden', message: 'origin not allowed' } });
  const upgrade = (request, socket) => {
    respond(socket, { 'Content-Length': body.length, Connection: 'close' }, '403 Forbidden');
    socket.end(body);
  };
  const ws = new NodeWebSocket(await startRawServer(t, () => {}, { upgrade }));
  const error = await failed(ws);
  assert.deepEqual([error.status, error.body], [403, body]);
});

test('a server that never answers the upgrade is given up', async (t) => {
  const url = await startRawServer(t, () => {}, { upgrade: () => {} });
  const error = await failed(new NodeWebSocket(url, { handshakeTimeoutMs: 20 }));
  assert.match(error.message, /within 20 ms/);
});

test('a port where nobody listens is an error', async (t) => {
  const url = await startRawServer(t, () => {});
  const free = new NodeWebSocket(url.replace(/\d+$/, '1'));
  assert.equal((await failed(free)).code, 'ECONNREFUSED');
});

test('closing before the handshake ends it without opening', async (t) => {
  const ws = new NodeWebSocket(await startRawServer(t, () => {}));
  ws.onopen = () => assert.fail('opened');
  ws.close();
  assert.equal((await closed(ws)).code, 1006);
});

test('URLs, close codes and reasons that the standard forbids are refused', async (t) => {
  assert.throws(() => new NodeWebSocket('http://127.0.0.1:1'), SyntaxError);
  assert.throws(() => new NodeWebSocket('ws://127.0.0.1:1/#x'), SyntaxError);
  const { ws } = await pair(t);
  assert.throws(() => ws.close(1006), RangeError);
  assert.throws(() => ws.close(1001), RangeError);
  assert.throws(() => ws.close(1000, 'é'.repeat(62)), RangeError);
});

test('the upgrade asks for version 13 with a fresh key and offers nothing else', async (t) => {
  const seen = [];
  const url = await startRawServer(t, ({ request }) => seen.push(request));
  for (let i = 0; i < 2; i++) {
    const ws = new NodeWebSocket(`${url}/ws?x=1`);
    t.after(() => ws.terminate());
    await opened(ws);
  }
  const [first, second] = seen;
  assert.equal(first.url, '/ws?x=1');
  assert.equal(first.headers['sec-websocket-version'], '13');
  assert.equal(Buffer.from(first.headers['sec-websocket-key'], 'base64').length, 16);
  assert.notEqual(first.headers['sec-websocket-key'], second.headers['sec-websocket-key']);
  assert.equal(first.headers['sec-websocket-extensions'], undefined);
  assert.equal(first.headers.origin, undefined);
});
