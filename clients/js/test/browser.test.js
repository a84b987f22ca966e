import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { connect, messageText } from '../src/index.js';
import { startCutProxy } from './cut-proxy.js';
import { newTenant, nextEvent, openChannel, startHub } from './hub.js';

const ROOT = new URL('..', import.meta.url);
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

/** Serves an empty page as `/`, README's as `/readme`, and the sources of the SDK as they are. */
async function servePages() {
  const server = http.createServer(async ({ url }, response) => {
    const [, source] = /^\/parley-client\/(src\/[a-z-]+\.js)$/.exec(url) ?? [];
    if (source !== undefined) {
      send(response, 'text/javascript', await readFile(new URL(source, ROOT)));
    } else if (url === '/' || url === '/readme') {
      send(response, 'text/html', url === '/' ? '<!doctype html>' : await readmePage());
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, close: () => server.closeAllConnections() ?? server.close() };
}

function send(response, type, body) {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
}

async function readmePage() {
  const [, page] = /```html\n(.*?)```/s.exec(await readFile(new URL('README.md', ROOT), 'utf8'));
  return page.replace('ws://127.0.0.1:8420', hub.wsUrl);
}

async function openPage(t, origin) {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(origin);
  return page;
}

test("README's page chats with the hub and shows the reply while it is written", async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const page = await openPage(t, own.origin);
  await page.evaluate((key) => sessionStorage.setItem('key', key), secret);
  await page.addInitScript(() => {
    window.lengths = [];
    new MutationObserver(() => {
      const length = document.querySelector('#reply')?.textContent.length ?? 0;
      if (length > (window.lengths.at(-1) ?? 0)) {
        window.lengths.push(length);
      }
    }).observe(document, { childList: true, subtree: true });
  });
  const connection = await connect(hub.wsUrl, { key: secret });
  t.after(() => connection.close());
  const final = nextEvent(connection, 'chat', { where: ({ state }) => state === 'final' });
  await page.goto(`${own.origin}/readme`);
  const text = messageText((await final).message);
  await page.waitForFunction((all) => document.querySelector('#reply').textContent === all, text);
  const lengths = await page.evaluate(() => window.lengths);
  assert.ok(lengths.length > 1, `the text came in ${lengths.length} piece`);
});

test('a page signs up a tenant and is in', async (t) => {
  const page = await openPage(t, own.origin);
  const [tenant, agents] = await page.evaluate(
    async ([url, id]) => {
      const { connect, signup } = await import('/parley-client/src/index.js');
      const { secret } = await signup(url, { tenant: id });
      const connection = await connect(url, { key: secret });
      const list = await connection.request('agents.list');
      connection.close();
      return [connection.hello.auth.tenant, list.agents.length];
    },
    [hub.url, 'from-a-page'],
  );
  assert.deepEqual([tenant, agents], ['from-a-page', 1]);
});

test('a page calls an agent that is another page of another tenant, and streams from it', async (t) => {
  const [acme, globex] = [await newTenant(hub, 'acme'), await newTenant(hub, 'globex')];
  const [caller, callee] = await Promise.all(
    [acme, globex].map(({ secret }) => connect(hub.wsUrl, { key: secret })),
  );
  t.after(() => [caller, callee].forEach((connection) => connection.close()));
  await callee.request('agents.create', { id: 'quotes', name: 'Quotes', kind: 'remote' });
  const quotes = `${globex.id}/quotes`;
  await openChannel(caller, callee, acme.id, quotes);

  const agentPage = await openPage(t, own.origin);
  const address = await agentPage.evaluate(
    async ([url, key]) => {
      const { serveAgent } = await import('/parley-client/src/index.js');
      const agent = await serveAgent(url, { key, agent: 'quotes' }, async ({ from, payload }, ctx) => {
        await ctx.chunk('Ten ');
        await ctx.chunk('widgets');
        return { from, payload };
      });
      return agent.address;
    },
    [hub.wsUrl, globex.secret],
  );
  assert.equal(address, quotes);

  const callerPage = await openPage(t, own.origin);
  const heard = await callerPage.evaluate(
    async ([url, key, to]) => {
      const { connect } = await import('/parley-client/src/index.js');
      const connection = await connect(url, { key });
      const stream = connection.stream(to, { text: 'price?' }, { from: 'main' });
      const chunks = [];
      for await (const chunk of stream) {
        chunks.push(chunk);
      }
      const { payload } = await stream.reply();
      connection.close();
      return { chunks, payload };
    },
    [hub.wsUrl, acme.secret, quotes],
  );
  assert.deepEqual(heard, {
    chunks: ['Ten ', 'widgets'],
    payload: { from: `${acme.id}/main`, payload: { text: 'price?' } },
  });
});

test('a page whose connection is cut comes back and misses nothing', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const proxy = await startCutProxy(t, hub.wsUrl);
  const page = await openPage(t, own.origin);
  await page.evaluate(
    async ([url, key]) => {
      const { connect } = await import('/parley-client/src/index.js');
      window.seen = { seqs: [], gaps: [] };
      window.hub = await connect(url, {
        key,
        reconnect: { minDelayMs: 20, maxDelayMs: 200 },
        onEvent: ({ seq }) => seq > 0 && window.seen.seqs.push(seq),
      });
      window.hub.on('gap', (gap) => window.seen.gaps.push(gap));
      window.back = new Promise((resolve) => window.hub.on('reconnect', resolve));
      window.text = window.hub.chat('tell me something long').text();
      await new Promise((resolve) => window.hub.on('chat', resolve));
    },
    [proxy.url, secret],
  );
  proxy.cut();
  const { resumed, seen } = await page.evaluate(async () => {
    const { resumed } = await window.back;
    await window.text;
    return { resumed, seen: window.seen };
  });
  assert.equal(resumed, true);
  assert.deepEqual(seen, { gaps: [], seqs: seen.seqs.map((_, i) => i + 1) });
});

test('a page whose key is revoked is told so and does not come back', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const owner = await connect(hub.wsUrl, { key: secret });
  t.after(() => owner.close());
  const member = await owner.request('keys.create', { role: 'member', name: 'page' });
  const proxy = await startCutProxy(t, hub.wsUrl);
  const page = await openPage(t, own.origin);
  await page.evaluate(
    async ([url, key]) => {
      const { connect } = await import('/parley-client/src/index.js');
      window.hub = await connect(url, { key });
      window.ended = new Promise((resolve) => window.hub.on('close', resolve));
    },
    [proxy.url, member.secret],
  );
  await owner.request('keys.revoke', { id: member.key.id });
  const closed = await page.evaluate(async () => {
    const { code, details } = await window.ended;
    return [code, details.closeCode, window.hub.state];
  });
  assert.deepEqual(closed, ['closed', 1008, 'closed']);
  assert.equal(proxy.accepted, 1);
});

test('a page of a foreign origin is refused, with a good key, and told what to look at', async (t) => {
  const { secret } = await newTenant(hub, 'acme');
  const page = await openPage(t, foreign.origin);
  const refusals = await page.evaluate(
    async ([url, key]) => {
      const { connect, signup } = await import('/parley-client/src/index.js');
      const attempts = [() => connect(url, { key }), () => signup(url, { tenant: 'foreign-page' })];
      const errors = [];
      for (const attempt of attempts) {
        await attempt().catch(({ code, message, details }) => errors.push({ code, message, details }));
      }
      return errors;
    },
    [hub.url, secret],
  );
  assert.equal(refusals.length, 2);
  for (const { code, message, details } of refusals) {
    assert.equal(code, 'unavailable');
    assert.equal(details.origin, foreign.origin);
    assert.match(message, new RegExp(`${foreign.origin} \\(--allow-origin\\)`));
  }
});

test('a wrong key is told to a page as such', async (t) => {
  const page = await openPage(t, own.origin);
  const key = `${(await newTenant(hub, 'acme')).secret.slice(0, -4)}zzzz`;
  const code = await page.evaluate(
    async ([url, token]) => {
      const { connect } = await import('/parley-client/src/index.js');
      return connect(url, { key: token }).catch((error) => error.code);
    },
    [hub.wsUrl, key],
  );
  assert.equal(code, 'unauthorized');
});
