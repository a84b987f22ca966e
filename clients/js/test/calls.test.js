import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ParleyError, serveAgent } from '../src/index.js';
import { deferred, nextEvent, startHub } from './hub.js';
import { aborted, stories } from './stories.js';

const MAX_IN_FLIGHT = 8;

let hub;

const { twoTenants, story, serve } = stories(() => hub);

before(async () => {
  hub = await startHub({ args: ['--max-in-flight', `${MAX_IN_FLIGHT}`] });
});

after(() => hub?.stop());

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

test('a cancel has a place at the hub when calls fill all others', async (t) => {
  const started = [];
  const cancelled = deferred();
  const { acme, quotes } = await story(t, async ({ payload }, ctx) => {
    started.push(payload);
    const reason = await aborted(ctx.signal);
    if (payload === 0) {
      cancelled.resolve(reason);
    }
  });
  const controller = new AbortController();
  const calls = Array.from({ length: 3 * MAX_IN_FLIGHT }, (_, i) =>
    acme.connection.call(quotes, i, i === 0 ? { signal: controller.signal } : {}),
  );
  const ends = Promise.allSettled(calls);
  while (started.length < MAX_IN_FLIGHT - 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  controller.abort();
  assert.equal((await cancelled.promise).code, 'cancelled');
  await assert.rejects(calls[0], { name: 'AbortError' });
  acme.connection.close();
  await ends;
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
