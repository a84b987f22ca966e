import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as sdk from '../src/index.js';
import { newTenant, startHub } from './hub.js';
import { use } from './usage.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));

let hub;
let directory;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-js-readme-'));
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  hub = await startHub();
});

after(async () => {
  await hub?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Runs the README's example number `index` as its reader would, with the addresses of this hub. */
async function runExample(index, env = {}) {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const example = [...readme.matchAll(/```js\n(.*?)```/gs)][index][1]
    .replaceAll('127.0.0.1:8420', `127.0.0.1:${hub.port}`)
    .replaceAll("'parley-client'", `'${new URL('../src/index.js', import.meta.url)}'`);
  const file = join(directory, `example-${index}.mjs`);
  await writeFile(file, example);
  const options = { env: { ...process.env, ...env }, timeout: 60_000 };
  const { stdout } = await run(process.execPath, [file], options);
  return stdout;
}

test('README: chat', async () => {
  assert.match(await runExample(0), /\w+ \w+/);
});

test('README: be an agent, and call one', async () => {
  assert.deepEqual((await runExample(1)).trimEnd().split('\n'), [
    '42',
    '20 widgets are',
    '84',
    '84',
    'agent_failed agent globex/quotes failed: how many widgets?',
  ]);
});

test('README: memory', async () => {
  const { secret } = await newTenant(hub, 'acme');
  assert.match(await runExample(2, { PARLEY_KEY: secret }), /oolong/);
});

test('README: errors and lost connections', async () => {
  const { secret } = await newTenant(hub, 'acme');
  assert.equal(await runExample(3, { PARLEY_KEY: secret }), 'not_found false\nover: closed\n');
});

test('README: older runtimes', async () => {
  const { secret } = await newTenant(hub, 'acme');
  assert.equal(await runExample(4, { PARLEY_KEY: secret }), 'true\n');
});

test('the types are those of a program that uses all of them, and refuse misuse', async () => {
  const libraries = ['--target', 'es2024', '--lib', 'es2024,dom,dom.asynciterable', '--types', ''];
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', ...libraries];
  const checked = run('tsc', [...flags, 'test/usage.ts'], { cwd: ROOT });
  const { stdout } = await checked.catch((error) => error);
  assert.equal(stdout, '');
});

test('that program does what its types say', async () => {
  const tenant = `usage-${Date.now()}`;
  assert.deepEqual(await use(hub.url, tenant), [
    sdk.VERSION,
    `${tenant}/main`,
    'open',
    tenant,
    'true',
    'true',
    'true',
    'true',
    '4',
    `${tenant}/quotes`,
    'accepted',
    'counting',
    '6',
    'agent_failed',
    'false',
  ]);
});

test('the types declare what the package exports, no more and no less', async () => {
  const types = await readFile(join(ROOT, 'index.d.ts'), 'utf8');
  const declared = [...types.matchAll(/^export (?:const|class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(sdk).sort());
});

test('the package holds its sources, types, README and nothing else', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: ROOT });
  const [{ files }] = JSON.parse(stdout);
  const others = files.map(({ path }) => path).filter((path) => !/^src\/[a-z-]+\.js$/.test(path));
  assert.deepEqual(others.sort(), ['README.md', 'index.d.ts', 'package.json']);
});
