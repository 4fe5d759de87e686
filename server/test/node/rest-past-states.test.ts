import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('rest-past-states');
let node: Awaited<ReturnType<typeof startTestNode>>;
let call: Caller;

beforeAll(async () => {
  node = await startTestNode(directory.path);
  call = await createCaller(node);
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

let count = 0;
const newName = (): string => `doc${(count += 1)}`;
const put = (name: string, text: string) =>
  call('PUT', `/documents/${name}/content`, { type: 'text/markdown', body: text });
const read = async (name: string, query = '?format=markdown'): Promise<string> =>
  (await call('GET', `/documents/${name}/content${query}`)).text;

describe('[REST97] a past state never changes', () => {
  it('is given at its number, to be kept for ever', async () => {
    const name = newName();
    for (const text of ['one', 'two', 'three']) await put(name, `${text}\n`);
    const past = await call('GET', `/documents/${name}/content?format=text&at=1-2`);
    expect([past.status, past.text, past.etag]).toEqual([200, 'two', '"1-2"']);
    expect(past.headers.get('cache-control')).toContain('immutable');
    const other = await call('GET', `/documents/${name}/content?format=text&at=2-2`);
    expect([other.status, other.json['code']]).toEqual([404, 'version-not-found']);
    expect((await call('GET', `/documents/${name}/content?format=text&at=0`)).text).toBe('');
    expect((await call('GET', `/documents/${name}/content?format=text&at=4`)).status).toBe(404);
    expect((await call('GET', `/documents/${name}/content?format=text&at=-1`)).status).toBe(400);
  });

  it('is given by a number of its own, which another incarnation counts anew, so it is asked about each time', async () => {
    const name = newName();
    for (const text of ['one', 'two']) await put(name, `${text}\n`);
    const path = `/documents/${name}/content?format=text&at=1`;
    const past = await call('GET', path);
    expect([past.text, past.etag, past.headers.get('cache-control')]).toEqual(['one', '"1-1"', 'no-cache']);
    expect((await call('GET', path, { headers: { 'if-none-match': '"1-1"' } })).status).toBe(304);
    await call('DELETE', `/documents/${name}`);
    await call('POST', '/documents', { body: { name, content: { format: 'markdown', text: 'anew\n' } } });
    expect((await call('GET', path, { headers: { 'if-none-match': '"1-1"' } })).text).toBe('anew');
  });

  it('is given by the id of a version, to a copy too', async () => {
    const name = newName();
    await put(name, 'one\n');
    const version = await call('POST', `/documents/${name}/versions`, { body: { label: 'First' } });
    await put(name, 'two\n');
    const id = String(version.json['id']);
    const past = await call('GET', `/documents/${name}/content?format=text&at=${id}`);
    expect([past.status, past.text, past.etag]).toEqual([200, 'one', '"1-1"']);
    const copy = newName();
    const made = await call('POST', '/documents', { body: { name: copy, from: { document: name, at: id } } });
    expect([made.status, await read(copy)]).toEqual([201, 'one\n']);
    const unknown = await call('GET', `/documents/${name}/content?at=00000000-0000-4000-8000-000000000000`);
    expect([unknown.status, unknown.json['code']]).toEqual([404, 'version-not-found']);
  });

  it('to who may read the history; the state of now to every reader', async () => {
    const name = newName();
    await put(name, 'one\n');
    await put(name, 'two\n');
    const token = await signToken({ sub: 'eve', role: 'viewer' });
    expect((await call('GET', `/documents/${name}/content?at=1`, { token })).status).toBe(403);
    expect((await call('GET', `/documents/${name}/content?at=2`, { token })).status).toBe(200);
  });
});

it('[REST280] a file may be as large as a message, not only as a question', async () => {
  const name = newName();
  const line = `${'word '.repeat(2_000)}\n`;
  const file = line.repeat(150);
  expect(file.length).toBeGreaterThan(1024 * 1024);
  const imported = await call('POST', `/documents/${name}/import`, { type: 'text/plain', body: file });
  expect(imported.status).toBe(201);
  expect((await read(name, '?format=text')).length).toBeGreaterThan(1024 * 1024);
});
