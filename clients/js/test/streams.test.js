import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { deferred, startHub } from './hub.js';
import { aborted, stories } from './stories.js';

const MAX_IN_FLIGHT = 8;

let hub;

const { story } = stories(() => hub);

before(async () => {
  hub = await startHub({ args: ['--max-in-flight', `${MAX_IN_FLIGHT}`] });
});

after(() => hub?.stop());

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

test('credit has a place at the hub when calls fill all others', async (t) => {
  const { acme, quotes } = await story(t, async ({ payload }, ctx) => {
    if (payload === 'wait') {
      await aborted(ctx.signal);
    }
    for (let i = 0; i < 20; i++) {
      await ctx.chunk(i);
    }
    return 'done';
  });
  const streams = Array.from({ length: MAX_IN_FLIGHT - 1 }, () =>
    acme.connection.stream(quotes, 'go', { window: 2 }),
  );
  const waiting = Array.from({ length: 2 * MAX_IN_FLIGHT }, () => acme.connection.call(quotes, 'wait'));
  const ends = Promise.allSettled(waiting);
  for (const stream of streams) {
    assert.equal((await stream.reply()).payload, 'done');
  }
  acme.connection.close();
  await ends;
});
