import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { connect, messageText, serveAgent } from '../src/index.js';
import { startCutProxy } from './cut-proxy.js';
import { deferred, newTenant, nextEvent, startHub } from './hub.js';
import { SOON, throughProxy } from './through-proxy.js';

let hub;

before(async () => {
  hub = await startHub({ args: ['--tick-interval-ms', '1000'] });
});

after(() => hub?.stop());

test('a cut connection comes back, resumed and without a gap', async (t) => {
  const seqs = [];
  const onEvent = ({ seq }) => seq > 0 && seqs.push(seq);
  const { proxy, connection } = await throughProxy(t, hub, { onEvent });
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
  const { proxy, connection } = await throughProxy(t, hub);
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
  const { proxy, tenant, connection } = await throughProxy(t, hub);
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

test('an agent that was cut off comes back and answers', async (t) => {
  const { proxy, tenant, connection } = await throughProxy(t, hub);
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

for (const { remembered, times } of [
  { remembered: undefined, times: 1 },
  { remembered: 0, times: 2 },
]) {
  const told = remembered === undefined ? 'is remembered' : 'is forgotten';
  test(`a message whose acknowledgement got lost and that ${told} is handled ${times}x`, async (t) => {
    const { proxy, tenant, connection } = await throughProxy(t, hub);
    await connection.request('agents.create', { id: 'worker', name: 'Worker', kind: 'remote' });
    const started = deferred();
    const goOn = deferred();
    let handled = 0;
    const options = { key: tenant.secret, agent: 'worker', reconnect: SOON, remembered };
    const agent = await serveAgent(proxy.url, options, async () => {
      handled += 1;
      started.resolve();
      await goOn.promise;
    });
    t.after(() => agent.close());
    const sender = await connect(hub.wsUrl, { key: tenant.secret });
    t.after(() => sender.close());
    const receipt = nextEvent(sender, 'message.receipt', { where: ({ status }) => status === 'handled' });
    await sender.send(`${tenant.id}/worker`, 'once');
    await started.promise;
    proxy.lose('toHub');
    goOn.resolve();
    proxy.cut();
    await receipt;
    assert.equal(handled, times);
  });
}

test('a revoked key closes its connection at once and for good', async (t) => {
  const { proxy, tenant, connection: owner } = await throughProxy(t, hub);
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
  const { proxy, connection: owner } = await throughProxy(t, hub);
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

test('a key that was rotated is asked for before the next attempt', async (t) => {
  const { proxy, tenant, connection: owner } = await throughProxy(t, hub);
  const made = await owner.request('keys.create', { role: 'member', name: 'rotating' });
  let current = made.secret;
  const rotating = await connect(proxy.url, { key: () => current, reconnect: SOON });
  t.after(() => rotating.close());
  const rotated = await owner.request('keys.rotate', { id: made.key.id });
  current = rotated.secret;
  const back = nextEvent(rotating, 'reconnect');
  proxy.cut();
  await back;
  assert.equal(rotating.hello.auth.keyId, rotated.key.id);
  assert.equal(rotating.hello.auth.tenant, tenant.id);
});

test('without reconnect a cut is the end', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub, { reconnect: false });
  const closed = nextEvent(connection, 'close');
  proxy.cut();
  assert.equal((await closed).details.closeCode, 1006);
  assert.equal(connection.state, 'closed');
});

test('attempts end when maxAttempts is used up', async (t) => {
  const reconnect = { ...SOON, maxAttempts: 2 };
  const { proxy, connection } = await throughProxy(t, hub, { reconnect });
  proxy.refusing = true;
  const closed = nextEvent(connection, 'close');
  proxy.cut();
  assert.equal((await closed).code, 'unavailable');
});

test('a silent connection is taken for lost', async (t) => {
  const { proxy, connection } = await throughProxy(t, hub);
  await nextEvent(connection, 'tick');
  proxy.lose('toClient');
  assert.equal((await nextEvent(connection, 'disconnect')).details.closeCode, 4000);
  const back = nextEvent(connection, 'reconnect');
  proxy.cut();
  assert.equal((await back).resumed, true);
});

test('of several URLs the next one is taken when one is lost', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const [one, other] = [await startCutProxy(t, hub.wsUrl), await startCutProxy(t, hub.wsUrl)];
  const connection = await connect([one.url, other.url], { key: secret, reconnect: SOON });
  t.after(() => connection.close());
  assert.deepEqual([one.accepted, other.accepted], [1, 0]);
  const back = nextEvent(connection, 'reconnect');
  one.refusing = true;
  one.cut();
  const { url, resumed } = await back;
  assert.deepEqual([new URL(url).port, resumed], [new URL(other.url).port, true]);
});

test('a hub that was restarted or killed is found again, and the lost events are a gap', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'parley-js-'));
  let running = await startHub({ data });
  t.after(async () => {
    await running.stop();
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  });
  const { secret, id } = await newTenant(running, 'acme');
  const connection = await connect(running.wsUrl, { key: secret, reconnect: SOON });
  t.after(() => connection.close());
  await connection.request('agents.create', { id: 'worker', name: 'Worker', kind: 'remote' });
  const options = { key: secret, agent: 'worker', reconnect: SOON };
  const agent = await serveAgent(running.wsUrl, options, ({ payload }) => `did ${payload}`);
  t.after(() => agent.close());

  for (const [signal, closeCode] of [['SIGTERM', 1012], ['SIGKILL', 1006]]) {
    const gap = nextEvent(connection, 'gap', { timeoutMs: 60_000 });
    const lost = nextEvent(connection, 'disconnect');
    const back = [connection, agent].map((one) => nextEvent(one, 'reconnect', { timeoutMs: 60_000 }));
    await running.stop(signal);
    assert.equal((await lost).details.closeCode, closeCode);
    running = await startHub({ data, port: running.port });
    assert.deepEqual((await Promise.all(back)).map(({ resumed }) => resumed), [false, false]);
    assert.deepEqual(await gap, { reason: 'not-resumed' });
    assert.equal((await connection.call(`${id}/worker`, signal)).payload, `did ${signal}`);
  }
});
