import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { connect, messageText, serveAgent } from '../src/index.js';
import { deferred, nextEvent, startHub } from './hub.js';
import { throughProxy } from './through-proxy.js';

let hub;

before(async () => {
  hub = await startHub({ args: ['--tick-interval-ms', '1000'] });
});

after(() => hub?.stop());

async function userRows(connection) {
  const { messages } = await connection.request('chat.history', { sessionKey: 'main' });
  return messages.filter(({ role }) => role === 'user').map(messageText);
}

test('requests made while the connection is away wait for it', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub);
  proxy.refusing = true;
  const lost = nextEvent(connection, 'disconnect');
  proxy.cut();
  await lost;
  assert.equal(connection.state, 'reconnecting');
  const waiting = connection.request('health');
  proxy.refusing = false;
  assert.equal((await waiting).ok, true);
});

test('a request that waits for the connection times out', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub);
  proxy.refusing = true;
  const lost = nextEvent(connection, 'disconnect');
  proxy.cut();
  await lost;
  await assert.rejects(connection.request('health', {}, { timeoutMs: 50 }), {
    code: 'deadline_exceeded',
  });
});

test('an unanswered request that is not safe to repeat fails, retryable', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub);
  proxy.lose('toHub');
  const request = connection.request('agents.create', { name: 'Maybe' });
  const failure = assert.rejects(request, { code: 'unavailable', retryable: true });
  setImmediate(proxy.cut);
  await failure;
});

test('a message that never reached the hub is sent again', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub);
  proxy.lose('toHub');
  const chat = connection.chat('lost on the way');
  setImmediate(proxy.cut);
  assert.ok((await chat.text()).length > 0);
  assert.deepEqual(await userRows(connection), ['lost on the way']);
});

test('a message whose answer was lost is sent again and handled once', async (t) => {
  const { proxy, tenant, connection } = await throughProxy(t, hub);
  const other = await connect(hub.wsUrl, { key: tenant.secret });
  t.after(() => other.close());
  proxy.lose('toClient');
  const handled = nextEvent(other, 'chat', { where: ({ state }) => state === 'final' });
  const chat = connection.chat('answer lost');
  await handled;
  proxy.cut();
  assert.ok((await chat.text()).length > 0);
  assert.deepEqual(await userRows(connection), ['answer lost']);
});

test('an event that was lost on the way is told as a gap', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub);
  const dropped = [];
  proxy.drops = ({ event, seq }) => {
    const drop = event === 'chat' && dropped.length === 0;
    if (drop) {
      dropped.push(seq);
    }
    return drop;
  };
  const gap = nextEvent(connection, 'gap');
  await connection.chat('hello').text();
  const [expected] = dropped;
  assert.deepEqual(await gap, { reason: 'missed', expected, received: expected + 1 });
});

test('a reply whose end was lost on the way is read from the transcript', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub);
  proxy.drops = ({ event, payload }) => event === 'chat' && payload.state === 'final';
  const text = await connection.chat('hello').text();
  const { messages } = await connection.request('chat.history', { sessionKey: 'main' });
  assert.equal(messageText(messages.at(-1)), text);
});

test('a stream goes on without a gap or a repeat, however often the connection is cut', async (t) => {
  const { proxy, tenant, connection } = await throughProxy(t, hub);
  await connection.request('agents.create', { name: 'worker', kind: 'remote' });
  const agent = await serveAgent(hub.wsUrl, { agent: 'worker', key: tenant.secret }, async (message, ctx) => {
    for (let i = 0; i < 300; i++) {
      await ctx.chunk(i);
    }
    return 'done';
  });
  t.after(() => agent.close());
  const stream = connection.stream(`${tenant.id}/worker`, 'go', { window: 16 });
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunks.length % 100 === 50) {
      proxy.cut();
    }
  }
  assert.equal((await stream.reply()).payload, 'done');
  assert.deepEqual(chunks, Array.from({ length: 300 }, (_, i) => i));
  assert.ok(proxy.accepted >= 4);
});

test('a chunk that was lost on the way ends its stream', async (t) => {
  const { proxy, tenant, connection } = await throughProxy(t, hub);
  await connection.request('agents.create', { id: 'worker', name: 'Worker', kind: 'remote' });
  const cancelled = deferred();
  const agent = await serveAgent(hub.wsUrl, { key: tenant.secret, agent: 'worker' }, async (message, ctx) => {
    ctx.signal.addEventListener('abort', cancelled.resolve);
    for (let i = 0; i < 3; i++) {
      await ctx.chunk(i);
    }
    await cancelled.promise;
  });
  t.after(() => agent.close());
  proxy.drops = ({ event, payload }) => event === 'agent.chunk' && payload.index === 1;
  const chunks = [];
  const read = async () => {
    for await (const chunk of connection.stream(`${tenant.id}/worker`, 'go')) {
      chunks.push(chunk);
    }
  };
  await assert.rejects(read(), { code: 'unavailable', retryable: true });
  assert.deepEqual(chunks, [0]);
  await cancelled.promise;
});

test('what waits for a connection is bounded in number and in bytes', async (t) => {
  const bounds = { maxQueued: 3, maxQueuedBytes: 10_000 };
  const { proxy, connection } = await throughProxy(t, hub, bounds);
  proxy.refusing = true;
  const lost = nextEvent(connection, 'disconnect');
  proxy.cut();
  await lost;
  const waiting = [connection.request('health')];
  const tooBig = connection.call('acme/main', 'x'.repeat(10_000));
  await assert.rejects(tooBig, { code: 'limit_exceeded', details: { limit: 'maxQueuedBytes', max: 10_000 } });
  waiting.push(connection.request('health'), connection.request('health'));
  await assert.rejects(connection.request('health'), {
    code: 'limit_exceeded',
    retryable: true,
    details: { limit: 'maxQueued', max: 3 },
  });
  proxy.refusing = false;
  assert.deepEqual((await Promise.all(waiting)).map(({ ok }) => ok), [true, true, true]);
});

/** A call in flight through a proxy, to an agent that counts its messages and waits. */
async function callInFlight(t, options) {
  const { proxy, tenant, connection } = await throughProxy(t, hub);
  await connection.request('agents.create', { id: 'worker', name: 'Worker', kind: 'remote' });
  const started = deferred();
  const ids = [];
  const handler = async ({ id }, { signal }) => {
    ids.push(id);
    started.resolve();
    if (ids.length === 1) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
    return 'done';
  };
  const agent = await serveAgent(hub.wsUrl, { key: tenant.secret, agent: 'worker' }, handler);
  t.after(() => agent.close());
  const call = connection.call(`${tenant.id}/worker`, 'go', options);
  await started.promise;
  return { proxy, call, ids };
}

test('a call whose connection is lost fails, retryable, and is not made twice', async (t) => {
  const { proxy, call, ids } = await callInFlight(t, {});
  const failure = assert.rejects(call, { code: 'unavailable', retryable: true });
  proxy.cut();
  await failure;
  assert.equal(ids.length, 1);
});

test('a call with a message id of its caller is made again', async (t) => {
  const { proxy, call, ids } = await callInFlight(t, { messageId: 'order-1' });
  proxy.cut();
  assert.equal((await call).payload, 'done');
  assert.deepEqual(ids, ['order-1', 'order-1']);
});
