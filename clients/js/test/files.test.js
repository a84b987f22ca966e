import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Files, ParleyError } from '../src/index.js';
import { newTenant, startHub } from './hub.js';

let hub;
let files;

before(async () => {
  hub = await startHub();
  files = new Files(hub.url, { key: (await newTenant(hub, 'files')).secret });
});

after(() => hub?.stop());

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function bytesOf({ body }) {
  const parts = [];
  for await (const part of body) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

test('bytes come back as they went in, from memory or from a stream', async () => {
  const bytes = randomBytes(2_000_000);
  const sent = await files.upload('pictures/a.bin', bytes);
  assert.equal(sent.etag, sha256(bytes));
  const stream = new Blob([bytes, bytes]).stream();
  assert.equal((await files.upload('pictures/b.bin', stream)).size, 4_000_000);
  const got = await files.download('pictures/a.bin');
  assert.equal(got.etag, sent.etag);
  assert.equal(got.size, bytes.length);
  assert.deepEqual(await bytesOf(got), bytes);
});

test('who changes what another changed meanwhile is told', async () => {
  const first = await files.write('notes.md', 'one');
  await files.write('notes.md', 'two', { ifMatch: first.etag });
  const stale = (error) => error instanceof ParleyError && error.code === 'precondition_failed';
  await assert.rejects(files.write('notes.md', 'three', { ifMatch: first.etag }), stale);
  await assert.rejects(files.upload('notes.md', 'three', { ifMatch: first.etag }), stale);
  await assert.rejects(files.upload('notes.md', 'three', { ifNoneMatch: '*' }), stale);
  await assert.rejects(files.delete('notes.md', { ifMatch: first.etag }), stale);
  await files.append('notes.md', ' and more');
  assert.equal((await files.read('notes.md')).content, 'two and more');
});

test('files are listed, found, moved and deleted', async () => {
  await files.write('todo/today.md', 'buy milk');
  assert.ok((await files.list()).directories.includes('todo'));
  assert.equal((await files.search({ text: 'milk' })).matches[0].path, 'todo/today.md');
  await files.move('todo', 'done');
  assert.equal((await files.list({ directory: 'done' })).files[0].path, 'done/today.md');
  await assert.rejects(files.delete('done'), { code: 'conflict' });
  assert.equal(await files.delete('done', { recursive: true }), true);
  assert.equal(await files.delete('done'), false);
  await assert.rejects(files.read('../secret'), { code: 'invalid_request' });
});
