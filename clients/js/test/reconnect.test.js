import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { messageText } from '../src/chat-run.js';
import { connect, serveAgent } from '../src/index.js';
import { startCutProxy } from './cut-proxy.js';
import { deferred, newTenant, nextEvent, openChannel, startHub } from './hub.js';

const SOON = { minDelayMs: 20, maxDelayMs: 200 };

let hub;

before(async () => {
  hub = await startHub();
});

after(() => hub?.stop());

/** A tenant whose connection goes through a proxy that can be cut. */
async function throughProxy(t, options = {}) {
  const proxy = await startCutProxy(t, hub.wsUrl);
  const tenant = await newTenant(hub, 'acme');
  const connection = await connect(proxy.url, { key: tenant.secret, reconnect: SOON, ...options });
  t.after(() => connection.close());
  return { proxy, tenant, connection };
}

async function userRows(connection) {
  const { messages } = await connection.request('chat.history', { sessionKey: 'main' });
  return messages.filter(({ role }) => role === 'user').map(messageText);
}

test('a cut connection comes back, resumed and without a gap', async (t) => {
  const seqs = [];
  const onEvent = ({ seq }) => seq > 0 && seqs.push(seq);
  const { proxy, connection } = await throughProxy(t, { onEvent });
  const gaps = [];
  connection.on('gap', (gap) => gaps.push(gap));
  await connection.chat('before').text();
  const lost = nextEvent(connection, 'disconnect');
  const back = nextEvent(connection, 'reconnect');
  proxy.cut();
  assert.equal((await lost).retryable, true);
  assert.equal((await back).resumed, true);
  assert.equal(connection.state, 'open');
  await connection.chat('after').text();
  assert.deepEqual(gaps, []);
  assert.deepEqual(seqs, seqs.map((_, i) => i + 1));
});

test('a reply that is being streamed survives the cut, whole', async (t) => {
  const { proxy, connection } = await throughProxy(t);
  let text = '';
  let final;
  for await (const event of connection.chat('tell me something long')) {
    if (event.type === 'final') {
      final = event.text;
    } else {
      if (text === '') {
        proxy.cut();
      }
      text = event.replace ? event.text : text + event.text;
    }
  }
  assert.equal(text, final);
  const { messages } = await connection.request('chat.history', { sessionKey: 'main' });
  assert.equal(messageText(messages.at(-1)), final);
});

test('events that were sent while the connection was away are delivered once', async (t) => {
  const { proxy, tenant, connection } = await throughProxy(t);
  const other = await connect(hub.wsUrl, { key: tenant.secret });
  t.after(() => other.close());
  const finals = [];
  connection.on('chat', ({ state, runId }) => state === 'final' && finals.push(runId));
  proxy.refusing = true;
  const lost = nextEvent(connection, 'disconnect');
  proxy.cut();
  await lost;
  const run = other.chat('while you were away');
  await run.text();
  const back = nextEvent(connection, 'reconnect');
  const heard = nextEvent(connection, 'chat', { where: ({ state }) => state === 'final' });
  proxy.refusing = false;
  assert.equal((await back).resumed, true);
  await heard;
  await connection.request('health');
  assert.deepEqual(finals, [run.runId]);
});

test('requests made while the connection is away wait for it', async (t) => {
  const { proxy, connection } = await throughProxy(t);
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
  const { proxy, connection } = await throughProxy(t);
  proxy.refusing = true;
  const lost = nextEvent(connection, 'disconnect');
  proxy.cut();
  await lost;
  await assert.rejects(connection.request('health', {}, { timeoutMs: 50 }), {
    code: 'deadline_exceeded',
  });
});

test('an unanswered request that is not safe to repeat fails, retryable', async (t) => {
  const { proxy, connection } = await throughProxy(t);
  proxy.lose('toHub');
  const request = connection.request('agents.create', { name: 'Maybe' });
  const failure = assert.rejects(request, { code: 'unavailable', retryable: true });
  setImmediate(proxy.cut);
  await failure;
});

test('a message that never reached the hub is sent again', async (t) => {
  const { proxy, connection } = await throughProxy(t);
  proxy.lose('toHub');
  const chat = connection.chat('lost on the way');
  setImmediate(proxy.cut);
  assert.ok((await chat.text()).length > 0);
  assert.deepEqual(await userRows(connection), ['lost on the way']);
});

test('a message whose answer was lost is sent again and handled once', async (t) => {
  const { proxy, tenant, connection } = await throughProxy(t);
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

test('an agent that was cut off comes back and answers', async (t) => {
  const { proxy, tenant, connection } = await throughProxy(t);
  await connection.request('agents.create', { id: 'worker', name: 'Worker', kind: 'remote' });
  const options = { key: tenant.secret, agent: 'worker', reconnect: SOON };
  const agent = await serveAgent(proxy.url, options, ({ payload }) => `did ${payload}`);
  t.after(() => agent.close());
  const address = `${tenant.id}/worker`;
  assert.equal((await connection.call(address, 'one')).payload, 'did one');
  const back = [nextEvent(connection, 'reconnect'), nextEvent(agent, 'reconnect')];
  proxy.cut();
  await Promise.all(back);
  assert.equal((await connection.call(address, 'two')).payload, 'did two');
});

test('a revoked key closes its connection at once and for good', async (t) => {
  const { proxy, tenant, connection: owner } = await throughProxy(t);
  const { key, secret } = await owner.request('keys.create', { role: 'member', name: 'laptop' });
  const member = await connect(proxy.url, { key: secret, reconnect: SOON });
  t.after(() => member.close());
  const before = proxy.accepted;
  const closed = nextEvent(member, 'close', { timeoutMs: 3_000 });
  await owner.request('keys.revoke', { id: key.id });
  const error = await closed;
  assert.equal(error.details.closeCode, 1008);
  assert.equal(member.state, 'closed');
  await assert.rejects(member.request('health'), { code: error.code });
  await assert.rejects(connect(hub.wsUrl, { key: secret }), { code: 'unauthorized' });
  assert.equal(proxy.accepted, before, 'the revoked client tried again');
  assert.equal(owner.state, 'open');
  assert.ok(tenant.id);
});

test('a key that was revoked while the connection was away ends the attempts', async (t) => {
  const { proxy, connection: owner } = await throughProxy(t);
  const direct = await connect(hub.wsUrl, { key: (await owner.request('keys.create', {
    role: 'owner',
    name: 'second',
  })).secret });
  t.after(() => direct.close());
  const { key, secret } = await direct.request('keys.create', { role: 'member', name: 'phone' });
  const member = await connect(proxy.url, { key: secret, reconnect: SOON });
  t.after(() => member.close());
  proxy.refusing = true;
  const lost = nextEvent(member, 'disconnect');
  proxy.cut();
  await lost;
  await direct.request('keys.revoke', { id: key.id });
  const closed = nextEvent(member, 'close');
  proxy.refusing = false;
  assert.equal((await closed).code, 'unauthorized');
});

test('without reconnect a cut is the end', async (t) => {
  const { proxy, connection } = await throughProxy(t, { reconnect: false });
  const closed = nextEvent(connection, 'close');
  proxy.cut();
  assert.equal((await closed).details.closeCode, 1006);
  assert.equal(connection.state, 'closed');
});

test('attempts end when maxAttempts is used up', async (t) => {
  const reconnect = { ...SOON, maxAttempts: 2 };
  const { proxy, connection } = await throughProxy(t, { reconnect });
  proxy.refusing = true;
  const closed = nextEvent(connection, 'close');
  proxy.cut();
  assert.equal((await closed).code, 'unavailable');
});

test('a hub that was restarted is found again, and the lost events are a gap', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'parley-js-'));
  t.after(() => rm(data, { recursive: true, force: true, maxRetries: 5 }));
  const first = await startHub({ data });
  const tenant = await newTenant(first, 'acme');
  const connection = await connect(first.wsUrl, { key: tenant.secret, reconnect: SOON });
  t.after(() => connection.close());
  const heard = deferred();
  connection.on('gap', heard.resolve);
  const lost = nextEvent(connection, 'disconnect');
  await first.stop();
  assert.ok([1006, 1012].includes((await lost).details.closeCode));
  const back = nextEvent(connection, 'reconnect', { timeoutMs: 60_000 });
  const second = await startHub({ data, port: first.port });
  t.after(() => second.stop());
  assert.equal((await back).resumed, false);
  assert.deepEqual(await heard.promise, { reason: 'not-resumed' });
  assert.equal((await connection.request('health')).ok, true);
});
