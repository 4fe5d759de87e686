import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { SECRET, startTestNode } from './test-node.ts';

// The repair is a process of its own.
vi.setConfig({ hookTimeout: 200_000, testTimeout: 200_000 });

const ENTRY = resolve(import.meta.dirname, '../../src/cli/main.ts');

let directory: TemporaryDirectory;
let node: Awaited<ReturnType<typeof startTestNode>>;
let call: Caller;
/** Versions of rows before, at and behind the one that is damaged. */
let versions: readonly string[];

const put = (body: string, headers: Readonly<Record<string, string>> = {}) =>
  call('PUT', '/documents/a/content', { type: 'text/markdown', body, headers });
const read = (at: string | number) => call('GET', `/documents/a/content?format=text&at=${at}`);

/** Damages a row of the only document where it is stored. */
async function damage(seq: number): Promise<void> {
  const store = await openEmbeddedStore(directory.path);
  const payload = new Uint8Array([7, 7, 7]);
  await store.database.updateTable('log_rows').set({ payload }).where('seq', '=', seq).execute();
  await store.close();
}

async function repair(): Promise<unknown> {
  const env = { PATH: process.env['PATH'], JWT_SECRET: SECRET, DATA_DIR: directory.path };
  const child = spawn(process.execPath, [ENTRY, 'repair', 'a', '--json'], { env });
  return JSON.parse(await text(child.stdout)) as unknown;
}

beforeEach(async () => {
  directory = createTemporaryDirectory('repaired-past');
  node = await startTestNode(directory.path);
  call = await createCaller(node);
  for (const words of ['one', 'one\n\ntwo', 'one\n\ntwo\n\nthree', 'one\n\ntwo\n\nthree\n\nfour'])
    await put(`${words}\n`);
  const made = [];
  for (const at of [2, 3, 4])
    made.push(await call('POST', '/documents/a/versions', { body: { label: `${at}`, at: `${at}` } }));
  versions = made.map(({ json }) => String(json['id']));
  await node.stop();
  await damage(3);
  expect(await repair()).toMatchObject({ kind: 'repaired', epoch: 2 });
  node = await startTestNode(directory.path);
  call = await createCaller(node);
});

afterEach(async () => {
  await node.stop();
  directory.remove();
});

describe('[REST263] the past of a document that was repaired', () => {
  it('is found by the id of a version and by the number of a row, under the new epoch', async () => {
    for (const at of [String(versions[0]), 2, '2-2']) {
      const past = await read(at);
      expect([at, past.status, past.text, past.etag]).toEqual([at, 200, 'one\ntwo', '"2-2"']);
    }
    // Of the row that was damaged stands what could be saved.
    expect([(await read(String(versions[1]))).text, (await read(3)).text]).toEqual(['one\ntwo', 'one\ntwo']);
    const last = await read(String(versions[2]));
    expect([last.status, last.text]).toEqual([200, (await read(4)).text]);
    expect((await call('GET', '/documents/a/versions')).json['versions']).toHaveLength(3);
  });

  it('is not found under the old epoch, and holds no write to it', async () => {
    const past = await read('1-2');
    expect([past.status, past.json['code']]).toEqual([404, 'version-not-found']);
    expect((await put('new\n', { 'if-match': '"1-4"' })).status).toBe(412);
    expect((await put('new\n', { 'if-match': '"2-4"' })).status).toBe(200);
  });

  it('can be told apart, blamed, copied, exported and brought back', async () => {
    const [version] = versions;
    const diff = await call('GET', `/documents/a/diff?from=1&to=${version}`);
    expect([diff.status, diff.json['to']]).toEqual([200, 2]);
    expect((await call('GET', `/documents/a/blame?at=${version}`)).status).toBe(200);
    const copy = await call('POST', '/documents', { body: { name: 'copy', from: { document: 'a', at: version } } });
    expect(copy.status).toBe(201);
    expect((await call('GET', '/documents/copy/content?format=text')).text).toBe('one\ntwo');
    const restored = await call('POST', `/documents/a/versions/${version}/restore`);
    expect([restored.status, restored.json['epoch']]).toEqual([200, 2]);
    const file = await call('GET', '/documents/a/export?format=text');
    expect([file.status, file.text.trim()]).toEqual([200, 'one\ntwo']);
    expect(file.etag).toBe(`"2-${String(restored.json['seq'])}"`);
  });
});
