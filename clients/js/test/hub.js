/**
 * A real hub for tests, on a free port with its own data directory, and what tests need around it.
 * `PARLEY_BIN` names another executable than this checkout's `scripts/parley`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { signup } from '../src/index.js';
import { uuid } from '../src/ids.js';

const BIN = process.env.PARLEY_BIN ?? fileURLToPath(new URL('../../../scripts/parley', import.meta.url));
const LISTENING = /listening on (http:\/\/\S+)\s/;
/** Halves the time of a hub's start, which is most of what a test file takes. */
const QUICK_START = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';
const START_MS = 180_000;
const STOP_MS = 15_000;
const KEPT_OUTPUT = 20_000;

/**
 * Starts a hub and waits until it listens.
 *
 * @param {{args?: string[], port?: number, data?: string}} [options] `data`: keep this directory
 * @returns {Promise<{url: string, wsUrl: string, port: number, stop: (signal?: string) => Promise<void>}>}
 */
export async function startHub({ args = [], port = 0, data } = {}) {
  const directory = data ?? (await mkdtemp(join(tmpdir(), 'parley-js-')));
  const all = ['serve', '--port', `${port}`, '--data', directory, '--offline-pacing-ms', '1', ...args];
  const child = spawn(BIN, all, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, JAVA_TOOL_OPTIONS: QUICK_START },
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  const killGroup = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') {
        throw error;
      }
    }
  };
  const killNow = () => killGroup('SIGKILL');
  process.once('exit', killNow);
  const stop = async (signal = 'SIGTERM') => {
    killGroup(signal);
    const timer = setTimeout(killNow, STOP_MS);
    await exited;
    clearTimeout(timer);
    process.off('exit', killNow);
    if (data === undefined) {
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  try {
    const url = await listeningLine(child, exited);
    return { url, wsUrl: url.replace('http:', 'ws:'), port: Number(new URL(url).port), stop };
  } catch (error) {
    if (child.pid !== undefined) {
      await stop();
    }
    throw error;
  }
}

function listeningLine(child, exited) {
  return new Promise((resolve, reject) => {
    let output = '';
    const late = setTimeout(
      () => reject(new Error(`${BIN} did not listen within ${START_MS} ms:\n${output}`)),
      START_MS,
    );
    const take = (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT);
      const match = LISTENING.exec(output);
      if (match !== null) {
        clearTimeout(late);
        resolve(match[1]);
      }
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.once('error', (error) => {
      clearTimeout(late);
      reject(new Error(`cannot start ${BIN}: ${error.message} (set PARLEY_BIN)`));
    });
    exited.then((code) => {
      clearTimeout(late);
      reject(new Error(`${BIN} ended with ${code} before it listened:\n${output}`));
    });
  });
}

/** Signs up a tenant with a name nobody has: `{tenant, secret, …}` of the sign-up, and its `id`. */
export async function newTenant(hub, name, params = {}) {
  const id = `${name}-${uuid().slice(0, 8)}`;
  return { id, ...(await signup(hub.url, { tenant: id, ...params })) };
}

/** The payload of the next event `name`, or an error when it does not come in time. */
export function nextEvent(emitter, name, { where = () => true, timeoutMs = 10_000 } = {}) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      remove();
      reject(new Error(`no event ${name} within ${timeoutMs} ms`));
    }, timeoutMs);
    const remove = emitter.on(name, (payload) => {
      if (where(payload)) {
        clearTimeout(timer);
        remove();
        resolve(payload);
      }
    });
  });
}

/** Opens a channel: `from` proposes, the tenant of `to` accepts. Both are connected hubs. */
export async function openChannel(caller, callee, from, to) {
  const { channel } = await caller.request('channel.propose', { from, to, purpose: 'test' });
  const accepted = await callee.request('channel.accept', { id: channel.id });
  return accepted.channel;
}

/** A promise with its own `resolve`. */
export function deferred() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}
