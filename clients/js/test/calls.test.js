import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ParleyError, connect, serveAgent } from '../src/index.js';
import { deferred, newTenant, nextEvent, openChannel, startHub } from './hub.js';

const MAX_IN_FLIGHT = 8;

let hub;

before(async () => {
  hub = await startHub({ args: ['--max-in-flight', `${MAX_IN_FLIGHT}`] });
});

after(() => hub?.stop());

/** Tenant acme, tenant globex with the remote agent `quotes`, both connected; no channel yet. */
async function twoTenants(t) {
  const sides = {};
  for (const name of ['acme', 'globex']) {
    const tenant = await newTenant(hub, name);
    const connection = await connect(hub.wsUrl, { key: tenant.secret });
    t.after(() => connection.close());
    sides[name] = { ...tenant, connection };
  }
  const { globex } = sides;
  await globex.connection.request('agents.create', { id: 'quotes', name: 'Quotes', kind: 'remote' });
  return { ...sides, quotes: `${globex.id}/quotes` };
}

/** The same with an open channel and a served agent. */
async function story(t, handler, options = {}) {
  const sides = await twoTenants(t);
  const { acme, globex, quotes } = sides;
  const channel = await openChannel(acme.connection, globex.connection, acme.id, quotes);
  const agent = await serve(t, globex.secret, 'quotes', handler, options);
  return { ...sides, channel, agent };
}

async function serve(t, key, agent, handler, options = {}) {
  const served = await serveAgent(hub.wsUrl, { key, agent, ...options }, handler);
  t.after(() => served.close());
  return served;
}

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(signal.reason);
    } else {
      signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
    }
  });
}

test('without a channel a foreign agent answers like one that does not exist', async (t) => {
  const { acme, globex, quotes } = await twoTenants(t);
  await serve(t, globex.secret, 'quotes', () => 'must not be reached');
  const refusals = [];
  for (const to of [quotes, `${globex.id}/nobody`, 'nobody-at-all/main']) {
    const error = await acme.connection.call(to, 'hi').then(
      () => assert.fail(`${to} answered`),
      (refusal) => refusal,
    );
    refusals.push([error.code, error.retryable]);
  }
  assert.deepEqual(new Set(refusals.map(String)).size, 1, JSON.stringify(refusals));
});

test('a proposed channel is announced to the other side and opens when accepted', async (t) => {
  const { acme, globex, quotes } = await twoTenants(t);
  const announced = nextEvent(globex.connection, 'channel.changed');
  const { channel } = await acme.connection.request('channel.propose', { from: acme.id, to: quotes });
  assert.equal((await announced).channel.id, channel.id);
  assert.equal(channel.status, 'proposed');
  const opened = nextEvent(acme.connection, 'channel.changed', {
    where: (payload) => payload.channel.status === 'active',
  });
  await globex.connection.request('channel.accept', { id: channel.id });
  assert.equal((await opened).channel.id, channel.id);
});

test('a call reaches the agent of another tenant and comes back with its reply', async (t) => {
  const { acme, quotes } = await story(t, (message) => ({ echo: message }));
  const payload = { symbol: 'ÄÖÜ😀', amount: 12.5, nested: [null, true] };
  const reply = await acme.connection.call(quotes, payload, {
    from: 'main',
    conversation: 'deal-1',
  });
  const { echo } = reply.payload;
  assert.deepEqual(echo.payload, payload);
  assert.equal(echo.from, `${acme.id}/main`);
  assert.equal(echo.to, quotes);
  assert.equal(echo.conversation, 'deal-1');
  assert.equal(echo.id, reply.messageId);
  assert.equal(reply.from, quotes);
  assert.equal(reply.conversation, 'deal-1');
});

test('a reply may be any JSON value, also none', async (t) => {
  const values = [undefined, null, 0, false, '', [], {}];
  const { acme, quotes } = await story(t, ({ payload }) => values[payload]);
  for (const [i, value] of values.entries()) {
    const { payload } = await acme.connection.call(quotes, i);
    assert.deepEqual(payload, value ?? null);
  }
});

test('more calls than the hub takes at once wait here, and each gets its own reply', async (t) => {
  const { acme, quotes } = await story(t, async ({ payload }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return payload * 2;
  });
  assert.equal(acme.connection.hello.policy.maxInFlight, MAX_IN_FLIGHT);
  const numbers = Array.from({ length: 3 * MAX_IN_FLIGHT }, (_, i) => i);
  const replies = await Promise.all(numbers.map((i) => acme.connection.call(quotes, i)));
  assert.deepEqual(replies.map(({ payload }) => payload), numbers.map((i) => i * 2));
});

test('a stream gives its chunks in order, then the reply', async (t) => {
  const { acme, quotes } = await story(t, async ({ kind }, ctx) => {
    for (let i = 0; i < 50; i++) {
      await ctx.chunk({ i });
    }
    return { kind, sent: 50 };
  });
  const stream = acme.connection.stream(quotes, 'go');
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk.i);
  }
  assert.deepEqual(chunks, Array.from({ length: 50 }, (_, i) => i));
  assert.deepEqual((await stream.reply()).payload, { kind: 'stream', sent: 50 });
});

test('chunks that are not awaited still come in order and before the reply', async (t) => {
  const { acme, quotes } = await story(t, (message, ctx) => {
    for (let i = 0; i < 50; i++) {
      ctx.chunk(i);
    }
    return 'done';
  });
  const chunks = [];
  for await (const chunk of acme.connection.stream(quotes, 'go')) {
    chunks.push(chunk);
  }
  assert.deepEqual(chunks, Array.from({ length: 50 }, (_, i) => i));
});

test('an agent waits for a reader that is slow, and others do not', async (t) => {
  let sent = 0;
  const { acme, quotes } = await story(t, async ({ payload }, ctx) => {
    for (let i = 0; i < payload; i++) {
      await ctx.chunk(i);
      sent += 1;
    }
  });
  const slow = acme.connection.stream(quotes, 100, { window: 10 })[Symbol.asyncIterator]();
  const read = [(await slow.next()).value];
  const other = acme.connection.stream(quotes, 5);
  await other.reply();
  assert.equal(sent, 15);
  for (let next = await slow.next(); !next.done; next = await slow.next()) {
    read.push(next.value);
  }
  assert.deepEqual(read, Array.from({ length: 100 }, (_, i) => i));
});

test('who asks for the reply only gets it, however many chunks there are', async (t) => {
  const { acme, quotes } = await story(t, async (message, ctx) => {
    for (let i = 0; i < 100; i++) {
      await ctx.chunk(i);
    }
    return 'done';
  });
  const stream = acme.connection.stream(quotes, 'go', { window: 4 });
  assert.equal((await stream.reply()).payload, 'done');
});

test('a plain call of an agent that streams gets its reply only', async (t) => {
  const { acme, quotes } = await story(t, async (message, ctx) => {
    await ctx.chunk('nobody asked for this');
    return 'reply';
  });
  const chunks = [];
  acme.connection.on('agent.chunk', (chunk) => chunks.push(chunk));
  assert.equal((await acme.connection.call(quotes, 'go')).payload, 'reply');
  assert.deepEqual(chunks, []);
});

test('a handler that throws a ParleyError tells the caller its message', async (t) => {
  const { acme, quotes } = await story(
    t,
    () => {
      throw new ParleyError('agent_failed', 'no quote for XYZ');
    },
    { onError: () => {} },
  );
  await assert.rejects(acme.connection.call(quotes, 'XYZ'), {
    code: 'agent_failed',
    message: /no quote for XYZ/,
  });
});

test('a handler that throws anything else tells the caller nothing of it', async (t) => {
  const failures = [];
  const { acme, quotes } = await story(
    t,
    () => {
      throw new Error('password of the database is hunter2');
    },
    { onError: (error, message) => failures.push([error.message, message.payload]) },
  );
  await assert.rejects(acme.connection.call(quotes, 'XYZ'), (error) => {
    assert.equal(error.code, 'agent_failed');
    assert.ok(!JSON.stringify([error.message, error.details]).includes('hunter2'));
    return true;
  });
  assert.deepEqual(failures, [['password of the database is hunter2', 'XYZ']]);
});

test('a reply above maxPayload is told to the caller, and the agent lives on', async (t) => {
  const failures = [];
  const { acme, quotes } = await story(t, ({ payload }) => 'x'.repeat(payload), {
    onError: ({ code }) => failures.push(code),
  });
  const { maxPayload } = acme.connection.hello.policy;
  await assert.rejects(acme.connection.call(quotes, maxPayload), (error) => {
    assert.deepEqual([error.code, error.details.agentCode], ['agent_failed', 'payload_too_large']);
    return true;
  });
  assert.deepEqual(failures, ['payload_too_large']);
  assert.equal((await acme.connection.call(quotes, 3)).payload, 'xxx');
});

test('an aborted call is cancelled at the agent', async (t) => {
  const started = deferred();
  const cancelled = deferred();
  const { acme, quotes } = await story(t, async (message, ctx) => {
    started.resolve();
    cancelled.resolve(await aborted(ctx.signal));
  });
  const controller = new AbortController();
  const call = acme.connection.call(quotes, 'slow', { signal: controller.signal });
  await started.promise;
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  assert.equal((await cancelled.promise).code, 'cancelled');
});

test('leaving a stream early cancels it at the agent', async (t) => {
  const cancelled = deferred();
  const { acme, quotes } = await story(t, async (message, ctx) => {
    await ctx.chunk('first');
    cancelled.resolve(await aborted(ctx.signal));
  });
  for await (const chunk of acme.connection.stream(quotes, 'go')) {
    assert.equal(chunk, 'first');
    break;
  }
  assert.equal((await cancelled.promise).code, 'cancelled');
});

test('a revoked channel cancels the call in flight on both sides', async (t) => {
  const started = deferred();
  const cancelled = deferred();
  const { acme, globex, quotes, channel } = await story(t, async (message, ctx) => {
    started.resolve();
    cancelled.resolve(await aborted(ctx.signal));
  });
  const call = acme.connection.call(quotes, 'slow');
  await started.promise;
  const [revoked] = await Promise.all([
    globex.connection.request('channel.revoke', { id: channel.id, reason: 'test' }),
    assert.rejects(call, { code: 'cancelled' }),
  ]);
  assert.equal(revoked.channel.status, 'revoked');
  assert.equal((await cancelled.promise).code, 'cancelled');
  await assert.rejects(acme.connection.call(quotes, 'again'), { name: 'ParleyError' });
});

test('a call that is not answered in time fails with its deadline', async (t) => {
  const { acme, quotes } = await story(t, (message, ctx) => aborted(ctx.signal));
  await assert.rejects(acme.connection.call(quotes, 'slow', { timeoutMs: 200 }), {
    code: 'deadline_exceeded',
  });
});

test('what an agent calls while it handles a message names that message as its cause', async (t) => {
  const { acme, globex, quotes } = await story(t, async (message, ctx) => {
    const { payload } = await ctx.call(`${globexId}/leaf`, 'from relay');
    return { relayed: message.id, leaf: payload };
  });
  const globexId = globex.id;
  await globex.connection.request('agents.create', { id: 'leaf', name: 'Leaf', kind: 'remote' });
  await serve(t, globex.secret, 'leaf', (message) => message);
  const { payload } = await acme.connection.call(quotes, 'start');
  assert.deepEqual(payload.leaf.causes.at(-1), { message: payload.relayed, handler: quotes });
  assert.equal(payload.leaf.from, quotes);
});

test('an agent that closes with a drain time finishes what it has', async (t) => {
  const started = deferred();
  const finish = deferred();
  const { acme, quotes, agent } = await story(t, async () => {
    started.resolve();
    await finish.promise;
    return 'finished';
  });
  const call = acme.connection.call(quotes, 'slow');
  await started.promise;
  assert.equal(agent.running, 1);
  const closing = agent.close({ drainMs: 10_000 });
  const late = assert.rejects(acme.connection.call(quotes, 'late'), {
    code: 'agent_offline',
    retryable: true,
  });
  await acme.connection.request('health');
  finish.resolve();
  assert.equal((await call).payload, 'finished');
  await late;
  await closing;
  await assert.rejects(acme.connection.call(quotes, 'later'), { code: 'agent_offline' });
});

test('an agent knows its address', async (t) => {
  const { agent, quotes } = await story(t, () => null);
  assert.equal(agent.address, quotes);
});

test('an agent that does not exist cannot be served', async (t) => {
  const { globex } = await twoTenants(t);
  const options = { key: globex.secret, agent: 'nobody' };
  await assert.rejects(serveAgent(hub.wsUrl, options, () => null), { code: 'not_found' });
});

test('a slow agent is given no more than its window at once', async (t) => {
  const running = { now: 0, most: 0 };
  const { acme, quotes } = await story(
    t,
    async ({ payload }) => {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await new Promise((resolve) => setImmediate(resolve));
      running.now -= 1;
      return payload;
    },
    { window: 2 },
  );
  const replies = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => acme.connection.call(quotes, i)));
  assert.deepEqual(replies.map(({ payload }) => payload), [1, 2, 3, 4, 5, 6]);
  assert.ok(running.most <= 2, `${running.most} at once`);
});

test('a slow handler holds up no other message', async (t) => {
  const finish = deferred();
  const { acme, quotes } = await story(t, async ({ payload }) => {
    if (payload === 'slow') {
      await finish.promise;
    }
    return payload;
  });
  const slow = acme.connection.call(quotes, 'slow');
  assert.equal((await acme.connection.call(quotes, 'quick')).payload, 'quick');
  finish.resolve();
  assert.equal((await slow).payload, 'slow');
});

test('a reader slower than its buffer loses the stream, and the agent is told', async (t) => {
  const cancelled = deferred();
  const { acme, quotes } = await story(t, async (message, ctx) => {
    ctx.signal.addEventListener('abort', () => cancelled.resolve(ctx.signal.reason));
    for (let i = 0; !ctx.signal.aborted; i++) {
      await ctx.chunk('x'.repeat(10_000));
    }
  });
  const stream = acme.connection.stream(quotes, 'go', { maxBufferedBytes: 100_000 });
  await assert.rejects(stream.reply(), {
    code: 'limit_exceeded',
    details: { limit: 'maxBufferedBytes', max: 100_000 },
  });
  assert.equal((await cancelled.promise).code, 'cancelled');
  assert.equal((await acme.connection.request('health')).ok, true);
});

test('a handler that calls on and is cancelled cancels what it called', async (t) => {
  const started = deferred();
  const cancelled = deferred();
  const { acme, globex, quotes } = await story(t, (message, ctx) =>
    ctx.call(`${globexId}/leaf`, 'from relay'),
  );
  const globexId = globex.id;
  await globex.connection.request('agents.create', { id: 'leaf', name: 'Leaf', kind: 'remote' });
  await serve(t, globex.secret, 'leaf', async (message, ctx) => {
    started.resolve();
    cancelled.resolve(await aborted(ctx.signal));
  });
  const controller = new AbortController();
  const call = acme.connection.call(quotes, 'start', { signal: controller.signal });
  const failure = assert.rejects(call, { name: 'AbortError' });
  await started.promise;
  controller.abort();
  await failure;
  assert.equal((await cancelled.promise).code, 'cancelled');
});

test('a sent message waits for its agent, keeps its order, and is told to its sender', async (t) => {
  const { acme, globex, quotes } = await twoTenants(t);
  await openChannel(acme.connection, globex.connection, acme.id, quotes);
  const payloads = [{ n: 1 }, { n: 2 }, { n: 3 }];
  const sent = [];
  for (const payload of payloads) {
    sent.push(await acme.connection.send(quotes, payload, { conversation: 'orders' }));
  }
  assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set(['accepted']));
  const last = nextEvent(acme.connection, 'message.receipt', {
    where: ({ messageId, status }) => messageId === sent[2].messageId && status === 'handled',
  });
  const seen = [];
  await serve(t, globex.secret, 'quotes', (message) => {
    seen.push({ kind: message.kind, payload: message.payload });
  });
  await last;
  assert.deepEqual(
    seen,
    payloads.map((payload) => ({ kind: 'send', payload })),
  );
  const { status } = await acme.connection.request('message.get', { id: sent[2].messageId });
  assert.equal(status, 'handled');
});

test('sending the same id again is one message, and another under it a conflict', async (t) => {
  const { acme, globex, quotes } = await twoTenants(t);
  await openChannel(acme.connection, globex.connection, acme.id, quotes);
  for (let time = 0; time < 2; time += 1) {
    await acme.connection.send(quotes, 'once', { messageId: 'same', conversation: 'c' });
  }
  await assert.rejects(acme.connection.send(quotes, 'other', { messageId: 'same' }), { code: 'conflict' });
  const seen = [];
  const handled = deferred();
  await serve(t, globex.secret, 'quotes', (message) => {
    seen.push(message.payload);
    handled.resolve();
  });
  await handled.promise;
  const last = nextEvent(acme.connection, 'message.receipt', {
    where: ({ messageId, status }) => messageId === 'after' && status === 'handled',
  });
  await acme.connection.send(quotes, 'after', { messageId: 'after', conversation: 'c' });
  await last;
  assert.deepEqual(seen, ['once', 'after']);
});

test('a handler that refuses for good makes a dead letter that can be sent again', async (t) => {
  const { acme, quotes } = await story(t, (message) => {
    if (message.payload === 'bad') {
      throw new ParleyError('invalid_request', 'cannot');
    }
  });
  const arrived = nextEvent(acme.connection, 'deadletter.arrived');
  const { messageId } = await acme.connection.send(quotes, 'bad');
  const letter = await arrived;
  assert.equal(letter.messageId, messageId);
  const again = await acme.connection.request('deadletter.redeliver', { id: letter.id });
  assert.equal(again.redelivers, messageId);
  const { causes } = await acme.connection.request('message.get', { id: again.messageId });
  assert.deepEqual(causes, [{ message: messageId, handler: quotes }]);
});
