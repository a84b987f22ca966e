import assert from 'node:assert/strict';
import net from 'node:net';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { WebSocket as WsWebSocket } from 'ws';

import { VERSION, connect, messageText, serveAgent, signup } from '../src/index.js';
import { newTenant, startHub } from './hub.js';

let hub;

before(async () => {
  hub = await startHub();
});

after(() => hub?.stop());

async function connected(t, key, options = {}) {
  const connection = await connect(hub.wsUrl, { key, ...options });
  t.after(() => connection.close());
  return connection;
}

async function tenantWithConnection(t, name = 'acme') {
  const tenant = await newTenant(hub, name);
  return { tenant, connection: await connected(t, tenant.secret) };
}

test('a sign-up gives a tenant, its key and its first agent', async () => {
  const { id, tenant, key, secret, agent } = await newTenant(hub, 'acme');
  assert.equal(tenant.id, id);
  assert.equal(key.role, 'owner');
  assert.equal(agent, `${id}/main`);
  assert.ok(secret.length >= 20, 'the secret is long');
});

test('a tenant id that is taken is a conflict', async () => {
  const { id } = await newTenant(hub, 'acme');
  await assert.rejects(signup(hub.url, { tenant: id }), { name: 'ParleyError', code: 'conflict' });
});

test('a tenant id that is no name is refused with the field', async () => {
  await assert.rejects(signup(hub.url, { tenant: '../Acme' }), (error) => {
    assert.equal(error.code, 'invalid_request');
    assert.equal(error.details.field, 'tenant');
    return true;
  });
});

test('a hub that is not there is unavailable, for sign-up and connect', async () => {
  const unavailable = { name: 'ParleyError', code: 'unavailable', retryable: true };
  await assert.rejects(signup('http://127.0.0.1:1', { tenant: 'acme' }), unavailable);
  await assert.rejects(connect('ws://127.0.0.1:1', { key: 'k' }), {
    ...unavailable,
    message: /^cannot connect to ws:\/\/127\.0\.0\.1:1\/ws: .+ \(close code 1006\)$/,
  });
});

test('a wrong key is refused, and the error does not repeat it', async () => {
  const key = `${(await newTenant(hub, 'acme')).secret.slice(0, -4)}zzzz`;
  await assert.rejects(connect(hub.wsUrl, { key }), (error) => {
    assert.equal(error.code, 'unauthorized');
    assert.equal(error.retryable, false);
    assert.ok(!JSON.stringify([error.message, error.details]).includes(key));
    return true;
  });
});

test('hello-ok tells who we are and what the hub allows', async (t) => {
  const { tenant, connection } = await tenantWithConnection(t);
  assert.equal(connection.state, 'open');
  assert.equal(connection.hello.auth.tenant, tenant.id);
  assert.ok(connection.hello.policy.maxPayload > 0);
  assert.ok(connection.hello.features.methods.includes('chat.send'));
});

test('the key may come from a function', async (t) => {
  const { secret, id } = await newTenant(hub, 'acme');
  const connection = await connected(t, async () => secret);
  assert.equal(connection.hello.auth.tenant, id);
});

test('a URL that does not answer is passed over', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const connection = await connect(['ws://127.0.0.1:1', hub.url], { key: secret });
  t.after(() => connection.close());
  assert.equal((await connection.request('health')).ok, true);
});

test('a server that never answers is given up', async (t) => {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = [];
  server.on('connection', (socket) => sockets.push(socket));
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  const url = `ws://127.0.0.1:${server.address().port}`;
  await assert.rejects(connect(url, { key: 'k', handshakeTimeoutMs: 50 }), (error) => {
    assert.equal(error.code, 'unavailable');
    assert.deepEqual(error.details, { url: `${url}/ws`, awaited: 'WebSocket upgrade' });
    return true;
  });
});

test('a runtime without WebSocket takes a class, here of the package ws', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const connection = await connected(t, secret, { webSocket: WsWebSocket });
  assert.ok((await connection.chat('hello').text()).length > 0);
  await assert.rejects(connect('ws://127.0.0.1:1', { key: 'k', webSocket: WsWebSocket }), {
    code: 'unavailable',
    message: /ECONNREFUSED/,
  });
});

test('a runtime without WebSocket is told what to do', async (t) => {
  const { WebSocket } = globalThis;
  t.after(() => {
    globalThis.WebSocket = WebSocket;
  });
  delete globalThis.WebSocket;
  await assert.rejects(connect(hub.wsUrl, { key: 'k' }), /option webSocket/);
});

test('wrong options are refused before anything is sent', async () => {
  const refused = (urls, options, message) =>
    assert.rejects(connect(urls, options), { name: 'TypeError', message });
  await refused(hub.wsUrl, {}, /option key/);
  await refused(hub.wsUrl, { key: 'k', reconnet: false }, /no option reconnet/);
  await refused('ftp://127.0.0.1', { key: 'k' }, /begins with ws:/);
  await refused('ws://user:secret@127.0.0.1', { key: 'k' }, /must not be in the URL/);
  await refused([], { key: 'k' }, /at least one URL/);
});

test('the version is that of the package', async () => {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  assert.equal(VERSION, JSON.parse(text).version);
});

test('scopes give rights up', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const reader = await connected(t, secret, { scopes: ['operator.read'] });
  assert.equal((await reader.request('agents.list')).agents.length, 1);
  await assert.rejects(reader.chat('hello').text(), { code: 'forbidden' });
});

test('a request that is answered twice gives its second answer', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const first = await connection.request('agent', { message: 'hello' });
  assert.equal(first.status, 'accepted');
  const final = await connection.request('agent', { message: 'hello' }, { expectFinal: true });
  assert.equal(final.status, 'ok');
  assert.ok(final.result.payloads[0].text.length > 0);
});

test('a run that is aborted tells its reader', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const run = connection.chat('write a long story');
  const first = await run[Symbol.asyncIterator]().next();
  assert.equal(first.value.type, 'delta');
  await run.abort();
  await assert.rejects(run.text(), (error) => {
    assert.equal(error.code, 'cancelled');
    assert.ok(error.details.text.startsWith(first.value.text));
    return true;
  });
});

test('a run that was stopped before it is asked for again ends at once', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const idempotencyKey = 'stopped-before';
  const run = connection.chat('write a long story', { idempotencyKey });
  await run[Symbol.asyncIterator]().next();
  await run.abort();
  await assert.rejects(run.text(), { code: 'cancelled' });
  const again = connection.chat('write a long story', { idempotencyKey, timeoutMs: 20_000 });
  await assert.rejects(again.text(), { code: 'cancelled' });
});

test('a chat that is not over in time is stopped', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const run = connection.chat('write a long story', { timeoutMs: 1 });
  await assert.rejects(run.text(), { name: 'ParleyError', code: /deadline_exceeded/ });
});

test('a chat with an agent that does not exist fails', async (t) => {
  const { connection } = await tenantWithConnection(t);
  await assert.rejects(connection.chat('hello', { agent: 'nobody' }).text(), { code: 'not_found' });
});

test('a chat streams its reply and ends with all of it', async (t) => {
  const { connection } = await tenantWithConnection(t);
  let deltaEvents = 0;
  connection.on('chat', ({ state }) => {
    deltaEvents += state === 'delta' ? 1 : 0;
  });
  const events = [];
  for await (const event of connection.chat('hello, who are you?', { agent: 'main' })) {
    events.push(event);
  }
  const final = events.pop();
  assert.equal(final.type, 'final');
  assert.ok(final.text.length > 0);
  assert.ok(events.every(({ type }) => type === 'delta'));
  assert.equal(events.map(({ text }) => text).join(''), final.text);
  assert.ok(deltaEvents > 1, `the reply came in ${deltaEvents} piece`);
});

test('the transcript holds the message and the reply', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const text = await connection.chat('the number is 4711').text();
  const { messages } = await connection.request('chat.history', { sessionKey: 'main', limit: 10 });
  assert.deepEqual(
    messages.map((message) => [message.role, messageText(message)]),
    [['user', 'the number is 4711'], ['assistant', text]],
  );
});

test('sessions of one agent are apart', async (t) => {
  const { connection } = await tenantWithConnection(t);
  await connection.chat('in the first', { session: 'one' }).text();
  await connection.chat('in the second', { session: 'two' }).text();
  const { messages } = await connection.request('chat.history', { sessionKey: 'two' });
  assert.deepEqual(messages.filter(({ role }) => role === 'user').map(messageText), ['in the second']);
});

test('a message that is sent twice with one idempotency key is answered once', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const once = { idempotencyKey: 'order-66' };
  const first = await connection.chat('only once', once).text();
  const second = await connection.chat('only once', once).text();
  assert.equal(second, first);
  const { messages } = await connection.request('chat.history', { sessionKey: 'main' });
  assert.equal(messages.filter(({ role }) => role === 'user').length, 1);
});

test('chats at the same time do not mix', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const chats = ['a', 'b', 'c'].map((session) =>
    connection.chat(`the word is ${session.repeat(12)}`, { session }).text(),
  );
  const replies = await Promise.all(chats);
  for (const [i, session] of ['a', 'b', 'c'].entries()) {
    const { messages } = await connection.request('chat.history', { sessionKey: session });
    assert.equal(messageText(messages.at(-1)), replies[i]);
  }
});

test('a chat can be given up, and the connection lives on', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const controller = new AbortController();
  const chat = connection.chat('write a long story', { signal: controller.signal });
  controller.abort();
  await assert.rejects(chat.text(), { name: 'AbortError' });
  for await (const event of connection.chat('and another', { session: 'left' })) {
    assert.ok(event);
    break;
  }
  assert.equal((await connection.request('health')).ok, true);
});

test('no chat event of a tenant reaches another', async (t) => {
  const acme = await tenantWithConnection(t, 'acme');
  const globex = await tenantWithConnection(t, 'globex');
  const overheard = [];
  const stop = ['chat', 'agent', 'session.message', 'sessions.changed'].map((name) =>
    globex.connection.on(name, (payload) => overheard.push({ name, payload })),
  );
  await globex.connection.request('sessions.subscribe');
  await acme.connection.chat('a secret of acme').text();
  await globex.connection.request('health');
  stop.forEach((remove) => remove());
  assert.deepEqual(overheard, []);
});

test('onEvent sees every event with its sequence number, without a hole', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const seqs = [];
  const onEvent = ({ seq }) => {
    if (seq > 0) {
      seqs.push(seq);
    }
  };
  const connection = await connected(t, secret, { onEvent });
  await connection.chat('count').text();
  assert.ok(seqs.length > 1);
  assert.deepEqual(seqs, seqs.map((_, i) => seqs[0] + i));
});

test('an unknown method is an invalid request', async (t) => {
  const { connection } = await tenantWithConnection(t);
  await assert.rejects(connection.request('no.such.method'), { code: 'invalid_request' });
});

test('wrong params name their field', async (t) => {
  const { connection } = await tenantWithConnection(t);
  await assert.rejects(connection.request('channel.propose', { from: 'x', to: 7 }), (error) => {
    assert.equal(error.code, 'invalid_request');
    assert.ok(error.details.field);
    return true;
  });
});

test('a frame above maxPayload is refused here, and the connection lives on', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const { maxPayload } = connection.hello.policy;
  const call = connection.call('globex/quotes', 'x'.repeat(maxPayload));
  await assert.rejects(call, (error) => {
    assert.equal(error.code, 'payload_too_large');
    assert.equal(error.details.limit, maxPayload);
    return true;
  });
  assert.equal((await connection.request('health')).ok, true);
});

test('params that are no JSON are refused here', async (t) => {
  const { connection } = await tenantWithConnection(t);
  await assert.rejects(connection.request('health', { big: 1n }), { code: 'invalid_request' });
});

test('a closed connection refuses requests and says close once', async (t) => {
  const { connection } = await tenantWithConnection(t);
  const closes = [];
  connection.on('close', (error) => closes.push(error.code));
  const underWay = connection.request('agents.list');
  connection.close();
  connection.close();
  await assert.rejects(underWay, { code: 'closed' });
  await assert.rejects(connection.request('health'), { code: 'closed' });
  await assert.rejects(connection.chat('hello').text(), { code: 'closed' });
  assert.deepEqual(closes, ['closed']);
  assert.equal(connection.state, 'closed');
});

/** A tenant with a remote agent that is not connected. */
async function withAbsentAgent(t) {
  const tenant = await newTenant(hub, 'acme');
  const connection = await connect(hub.wsUrl, { key: tenant.secret });
  t.after(() => connection.close());
  await connection.request('agents.create', { id: 'late', name: 'Late', kind: 'remote' });
  return { tenant, connection, late: `${tenant.id}/late` };
}

test('a call with a message id waits for an agent that comes back soon', async (t) => {
  const { tenant, connection, late } = await withAbsentAgent(t);
  await assert.rejects(connection.call(late, 'now'), { code: 'agent_offline' });
  const call = connection.call(late, 'soon', { messageId: 'm-1' });
  await connection.request('health');
  const agent = await serveAgent(hub.wsUrl, { key: tenant.secret, agent: 'late' }, () => 'here');
  t.after(() => agent.close());
  assert.equal((await call).payload, 'here');
});

test('a call that is to be repeated ends at its abort, its deadline, or with its connection', async (t) => {
  const { connection, late } = await withAbsentAgent(t);
  const stop = new AbortController();
  const aborted = assert.rejects(
    connection.call(late, 1, { messageId: 'm-1', signal: stop.signal }),
    /enough/,
  );
  await connection.request('health');
  stop.abort(new Error('enough'));
  await aborted;
  const params = { to: late, payload: 2, messageId: 'm-2' };
  await assert.rejects(connection.request('agent.call', params, { timeoutMs: 300 }), {
    code: 'deadline_exceeded',
  });
  const closed = assert.rejects(connection.call(late, 3, { messageId: 'm-3' }), { code: 'closed' });
  await connection.request('health');
  connection.close();
  await closed;
});
