import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ParleyError } from '../src/index.js';
import { deferred, nextEvent, openChannel, startHub } from './hub.js';
import { stories } from './stories.js';

let hub;

const { twoTenants, story, serve } = stories(() => hub);

before(async () => {
  hub = await startHub();
});

after(() => hub?.stop());

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
