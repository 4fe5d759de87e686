import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ErasureView } from '@scriptorium/shared/erasure-schemas';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Caller, createCaller } from '../node/rest-calls.ts';
import { SECRET, signToken, startTestNode } from '../node/test-node.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

// Every command is a process of its own, and an erasure waits for what was under way.
vi.setConfig({ testTimeout: 240_000 });

const ENTRY = resolve(import.meta.dirname, '../../src/cli/main.ts');

const directory = createTemporaryDirectory('people-command');
let node: Awaited<ReturnType<typeof startTestNode>>;
beforeAll(async () => {
  node = await startTestNode(join(directory.path, 'data'));
});
afterAll(async () => {
  await node.stop();
  directory.remove();
});

async function run(...args: readonly string[]) {
  const env = { PATH: process.env['PATH'], PORT: String(node.port), JWT_SECRET: SECRET, DATA_DIR: directory.path };
  const child = spawn(process.execPath, [ENTRY, 'people', ...args], { env });
  const ended = new Promise<number>((done) => child.on('close', (code) => done(code ?? -1)));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, output, errors };
}

it('[HOOK257] erases somebody once that is confirmed, says how far it is, and readmits', async () => {
  const ada = await createCaller(node, { sub: 'ada' });
  expect((await ada('PUT', '/documents/made/content', { type: 'text/markdown', body: 'hers\n' })).status).toBe(201);
  const unsure = await run('erase', 'ada');
  expect([unsure.code, unsure.errors]).toEqual([2, expect.stringContaining('--yes')]);
  expect((await ada('GET', '/session')).status).toBe(200);

  const ended = await run('erase', 'ada', '--yes', '--json');
  expect([ended.code, ended.errors]).toEqual([0, '']);
  const erasure = JSON.parse(ended.output) as ErasureView;
  expect(erasure).toMatchObject({ kind: 'person', begunBy: 'scriptorium-cli', counts: { documentsMade: 1, rows: 1 } });
  expect(erasure.finishedAt).not.toBeNull();
  expect(JSON.parse((await run('status', 'ada', '--json')).output)).toEqual(erasure);
  expect((await ada('GET', '/session')).status).toBe(401);

  const again = await run('erase', 'ada', '--yes', '--no-wait');
  expect([again.code, again.output]).toEqual([0, expect.stringMatching(/^er_[0-9a-f]{16} {2}under way {2}erased:/)]);
  expect(again.output).toContain(erasure.pseudonym);
  // Under way already, or begun once more: it is waited for in any case.
  expect((await run('erase', 'ada', '--yes')).output).toMatch(/^er_[0-9a-f]{16} {2}finished /);

  expect((await run('status', 'lin')).code).toBe(1);
  expect((await run('erase', 'key:x', '--yes')).code).toBe(1);
  expect((await run('erase', 'ada', '--yes', '--timeout', 'long')).code).toBe(2);
  expect((await run('readmit', 'ada')).output).toBe('readmitted\n');
  expect((await run('status', 'ada')).code).toBe(1);
  expect((await ada('GET', '/session', { token: await signToken({ sub: 'ada' }) })).status).toBe(200);
});

it('[HOOK259] erases documents that only they wrote, where that is asked', async () => {
  const bob = await createCaller(node, { sub: 'bob' });
  const lin = await createCaller(node, { sub: 'lin' });
  const write = (who: Caller, name: string, body: string) =>
    who('PUT', `/documents/${name}/content`, { type: 'text/markdown', body });
  expect((await write(bob, 'bobs', 'his\n')).status).toBe(201);
  expect((await write(bob, 'common', 'his\n')).status).toBe(201);
  expect((await write(lin, 'common', 'his and hers\n')).status).toBe(200);
  expect((await write(lin, 'lins', 'hers\n')).status).toBe(201);
  // A copy is made by bob, and what is in it by lin.
  const grant = await lin('PUT', '/documents/lins/grants/user:bob', { body: { role: 'owner' } });
  expect(grant.status).toBeLessThan(300);
  expect((await bob('POST', '/documents', { body: { name: 'copied', from: { document: 'lins' } } })).status).toBe(201);

  expect((await run('erase', 'bob', '--yes', '--content', 'everything')).code).toBe(2);
  const ended = await run('erase', 'bob', '--yes', '--json', '--content', 'erase-own');
  expect([ended.code, ended.errors]).toEqual([0, '']);
  expect(JSON.parse(ended.output)).toMatchObject({
    counts: { ownDocuments: 1, ownDocumentsLeft: 1, documentsMade: 3 },
  });
  const statuses = ['bobs', 'common', 'copied', 'lins'].map(
    async (name) => (await lin('GET', `/documents/${name}`)).status,
  );
  expect(await Promise.all(statuses)).toEqual([410, 200, 200, 200]);
  const admin = await createCaller(node, { sub: 'grace', role: 'admin' });
  const records = (await admin('GET', '/erasures')).json['erasures'] as readonly ErasureView[];
  const proof = records.find(({ kind, begunBy }) => kind === 'document' && begunBy === 'system');
  expect(proof?.finishedAt).not.toBeNull();
});
