import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Backoff } from '../src/backoff.js';

const delays = (backoff, count, hintMs) => Array.from({ length: count }, () => backoff.next(hintMs));

test('the pause doubles up to its maximum', () => {
  const longest = new Backoff({ minDelayMs: 100, maxDelayMs: 1_000 }, () => 1);
  assert.deepEqual(delays(longest, 6), [100, 200, 400, 800, 1_000, 1_000]);
});

test('half of the pause is random, so that clients do not come back in step', () => {
  const shortest = new Backoff({ minDelayMs: 100, maxDelayMs: 1_000 }, () => 0);
  assert.deepEqual(delays(shortest, 6), [50, 100, 200, 400, 500, 500]);
  const jittered = new Backoff({ minDelayMs: 1_000, maxDelayMs: 1_000 });
  assert.ok(new Set(delays(jittered, 20)).size > 1, 'twenty pauses were the same');
});

test('a hub that says when it is back is believed', () => {
  const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 1_000 }, () => 0.5);
  assert.deepEqual(delays(backoff, 1, 700), [750]);
  assert.deepEqual(delays(backoff, 1, 90_000), [1_100]);
});

test('attempts are counted until the reset', () => {
  const backoff = new Backoff({ maxAttempts: 2 });
  backoff.next();
  assert.equal(backoff.exhausted, false);
  backoff.next();
  assert.equal(backoff.exhausted, true);
  backoff.reset();
  assert.deepEqual([backoff.attempt, backoff.exhausted], [0, false]);
});
