import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { messageText } from '../src/chat-run.js';
import { connect } from '../src/index.js';
import { newTenant, startHub } from './hub.js';

const ROOT = new URL('..', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8' };
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let own;
let foreign;
let hub;
let browser;

before(async () => {
  own = await servePages();
  foreign = await servePages();
  hub = await startHub({ args: ['--allow-origin', own.origin] });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ARGS,
  });
});

after(async () => {
  await browser?.close();
  await hub?.stop();
  own?.close();
  foreign?.close();
});

/** Serves `test/page.html` as `/` and the sources of the SDK as they are, unbundled. */
async function servePages() {
  const server = http.createServer(async (request, response) => {
    const path = request.url === '/' ? 'test/page.html' : request.url.slice(1);
    if (!/^(test\/page\.html|src\/[a-z-]+\.js)$/.test(path)) {
      response.writeHead(404).end();
      return;
    }
    const body = await readFile(fileURLToPath(new URL(path, ROOT)));
    response.writeHead(200, { 'content-type': TYPES[path.split('.').pop()] }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, close: () => server.closeAllConnections() ?? server.close() };
}

async function openPage(t, origin) {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(origin);
  await page.waitForFunction(() => document.querySelector('#state').textContent === 'ready');
  return page;
}

test('a page chats with the hub and shows the reply while it is written', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const page = await openPage(t, own.origin);
  const lengths = await page.evaluate(
    ([url, key]) => window.talk(url, key, 'hello from a page, who are you?'),
    [hub.wsUrl, secret],
  );
  const shown = await page.textContent('#reply');
  const connection = await connect(hub.wsUrl, { key: secret });
  t.after(() => connection.close());
  const { messages } = await connection.request('chat.history', { sessionKey: 'main' });
  assert.equal(shown, messageText(messages.at(-1)));
  assert.ok(lengths.length > 1, `the text came in ${lengths.length} piece`);
  assert.deepEqual(lengths, [...lengths].sort((a, b) => a - b));
  assert.equal(await page.textContent('#state'), 'closed');
});

test('a page of a foreign origin is refused, with a good key', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const outcome = async (origin) => {
    const page = await openPage(t, origin);
    return page.evaluate(([url, key]) => window.tryToConnect(url, key), [hub.wsUrl, secret]);
  };
  assert.equal(await outcome(own.origin), 'connected');
  assert.equal(await outcome(foreign.origin), 'unavailable');
});

test('a wrong key is told to a page as such', async (t) => {
  const page = await openPage(t, own.origin);
  const key = `${(await newTenant(hub, 'acme')).secret.slice(0, -4)}zzzz`;
  const outcome = await page.evaluate(([url, token]) => window.tryToConnect(url, token), [
    hub.wsUrl,
    key,
  ]);
  assert.equal(outcome, 'unauthorized');
});
