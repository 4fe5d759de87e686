import { brotliDecompressSync, zstdDecompressSync } from 'node:zlib';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('rest-documents');
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
const put = (name: string, text: string, headers: Readonly<Record<string, string>> = {}) =>
  call('PUT', `/documents/${name}/content`, { type: 'text/markdown', body: text, headers });
const read = async (name: string, query = '?format=markdown'): Promise<string> =>
  (await call('GET', `/documents/${name}/content${query}`)).text;

describe('[REST92] a document begins with all that it was given', () => {
  it.each([
    [{ format: 'markdown', text: '# Today\n' }],
    [{ format: 'html', text: '<h1>Today</h1>' }],
    [
      {
        format: 'json',
        doc: {
          type: 'doc',
          content: [{ type: 'heading', attrs: { level: 1 }, content: [{ type: 'text', text: 'Today' }] }],
        },
      },
    ],
  ])('%j', async (content) => {
    const name = newName();
    const created = await call('POST', '/documents', {
      body: { name, title: 'A day', metadata: { tags: ['a'] }, content },
    });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({ name, epoch: 1, seq: 1, title: 'A day', metadata: { tags: ['a'] } });
    expect(await read(name)).toBe('# Today\n');
  });

  it('what is not valid makes no document', async () => {
    const name = newName();
    const content = { format: 'json', doc: { type: 'doc', content: [{ type: 'spaceship' }] } };
    expect((await call('POST', '/documents', { body: { name, content } })).status).toBe(422);
    expect((await call('GET', `/documents/${name}`)).status).toBe(404);
  });

  it('a name that was deleted begins anew with it', async () => {
    const name = newName();
    await put(name, 'old\n');
    await call('DELETE', `/documents/${name}`);
    const content = { format: 'markdown', text: 'new\n' };
    expect((await call('POST', '/documents', { body: { name, content } })).json).toMatchObject({ epoch: 2, seq: 1 });
    expect(await read(name)).toBe('new\n');
  });
});

describe('[REST93] a document begins as a copy of another', () => {
  it('as that is, or as it was, with the same blocks, title and metadata', async () => {
    const source = newName();
    await call('POST', '/documents', {
      body: { name: source, title: 'T', metadata: { a: 1 }, content: { format: 'markdown', text: 'one\n' } },
    });
    await put(source, 'one\n\ntwo\n');
    const [now, past] = [newName(), newName()];
    const copied = await call('POST', '/documents', { body: { name: now, from: { document: source }, title: 'U' } });
    expect(copied.json).toMatchObject({ title: 'U', metadata: { a: 1 } });
    await call('POST', '/documents', { body: { name: past, from: { document: source, at: 1 } } });
    expect([await read(now), await read(past)]).toEqual(['one\n\ntwo\n', 'one\n']);
    await put(now, 'other\n');
    expect(await read(source)).toBe('one\n\ntwo\n');
  });

  it('for who may read it, and its history where it is a past state', async () => {
    const source = newName();
    await put(source, 'secret\n');
    await put(source, 'less\n');
    const documents = { [source]: 'viewer', 'own/*': 'owner' };
    const token = await signToken({ sub: 'eve', role: 'none', documents });
    const copy = (from: object) => call('POST', '/documents', { token, body: { name: `own/${newName()}`, from } });
    expect((await copy({ document: source })).status).toBe(201);
    expect((await copy({ document: source, at: 1 })).status).toBe(403);
    const stranger = await signToken({ sub: 'eve', role: 'none', documents: { 'own/*': 'owner' } });
    const body = { name: `own/${newName()}`, from: { document: source } };
    expect((await call('POST', '/documents', { token: stranger, body })).status).toBe(403);
    expect((await copy({ document: source, at: 99 })).status).toBe(403);
    expect(
      (await call('POST', '/documents', { body: { name: newName(), from: { document: source, at: 99 } } })).status,
    ).toBe(404);
  });
});

describe('[REST94] title and metadata', () => {
  it('are merged, taken away, and kept through a rename', async () => {
    const name = newName();
    await call('POST', '/documents', { body: { name, metadata: { a: 1, b: 2 } } });
    const patched = await call('PATCH', `/documents/${name}`, { body: { title: 'T', metadata: { b: null, c: [3] } } });
    expect(patched.json).toMatchObject({ title: 'T', metadata: { a: 1, c: [3] } });
    const target = newName();
    const renamed = await call('PATCH', `/documents/${name}`, { body: { name: target, title: null } });
    expect(renamed.json).toMatchObject({ name: target, title: null, metadata: { a: 1, c: [3] } });
    expect((await call('GET', `/documents/${target}`)).json).toEqual(renamed.json);
  });

  it('change only in the revision that is named', async () => {
    const name = newName();
    const { etag } = await call('POST', '/documents', { body: { name } });
    const patch = (title: string) =>
      call('PATCH', `/documents/${name}`, { body: { title }, headers: { 'if-match': etag } });
    expect([(await patch('a')).status, (await patch('b')).status]).toEqual([200, 412]);
  });

  it('need the right to write, and the name the right to rename', async () => {
    const name = newName();
    await call('POST', '/documents', { body: { name } });
    const viewer = await signToken({ sub: 'eve', role: 'viewer' });
    const editor = await signToken({ sub: 'eve', role: 'editor' });
    const patch = async (token: string, body: object) =>
      (await call('PATCH', `/documents/${name}`, { token, body })).status;
    expect(await patch(viewer, { title: 'x' })).toBe(403);
    expect(await patch(editor, { title: 'x' })).toBe(200);
    expect(await patch(editor, { name: newName() })).toBe(403);
  });

  it.each([
    {},
    { metadata: { big: 'x'.repeat(20_000) } },
    { title: 'x'.repeat(501) },
    { title: 'a\0b' },
    { metadata: { a: '\0' } },
    { metadata: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, 1])) },
    { colour: 'red' },
  ])('%j is refused', async (body) => {
    const name = newName();
    await call('POST', '/documents', { body: { name } });
    expect((await call('PATCH', `/documents/${name}`, { body })).status).toBe(400);
  });
});

describe('[REST95] operations', () => {
  const change = (name: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
    call('POST', `/documents/${name}/changes`, { body, headers });
  const replace = (exact: string, text: string) => ({ op: 'replace', range: { quote: { exact } }, text });

  it('are addressed in an earlier state, and leave what was written since', async () => {
    const name = newName();
    await put(name, 'the quick fox\n');
    await put(name, 'the very quick fox jumps\n');
    const answer = await change(name, { base: 1, operations: [replace('fox', 'dog'), replace('nowhere', 'x')] });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      epoch: 1,
      seq: 3,
      changed: true,
      results: [{ status: 'applied' }, { status: 'refused', reason: 'not-found' }],
    });
    expect(answer.etag).toBe('"1-3"');
    expect(await read(name)).toBe('the very quick dog jumps\n');
  });

  it('are all applied or none, on request', async () => {
    const name = newName();
    await put(name, 'a b\n');
    const answer = await change(name, { atomic: true, operations: [replace('a', 'c'), replace('z', 'x')] });
    expect(answer.json).toMatchObject({
      seq: 1,
      changed: false,
      results: [
        { status: 'refused', reason: 'not-applied' },
        { status: 'refused', reason: 'not-found' },
      ],
    });
    expect(await read(name)).toBe('a b\n');
  });

  it('hold to a precondition, and to a base that is there', async () => {
    const name = newName();
    await put(name, 'a\n');
    expect((await change(name, { operations: [replace('a', 'b')] }, { 'if-match': '"1-0"' })).status).toBe(412);
    const late = await change(name, { base: 9, operations: [replace('a', 'b')] });
    expect([late.status, late.json['code']]).toEqual([409, 'unknown-base']);
    expect((await change(newName(), { operations: [replace('a', 'b')] })).status).toBe(404);
  });
});

describe('[REST96] a job changes many documents', () => {
  const insert = { op: 'insertBlock', to: { at: 'end' }, node: { type: 'paragraph' } };

  it('one after the other, with an outcome for each', async () => {
    const names = [newName(), newName(), newName()];
    for (const name of names) await put(name, 'x\n');
    const documents = [
      ...names.map((name) => ({ name, operations: [insert] })),
      { name: newName(), operations: [insert] },
      { name: names[0], ifMatch: '"1-1"', operations: [insert] },
    ];
    const created = await call('POST', '/changes', { body: { documents } });
    expect([created.status, created.json['total']]).toEqual([202, 5]);
    const path = (created.headers.get('location') ?? '').slice('/v1'.length);
    await waitUntil('the job is finished', async () => (await call('GET', path)).json['status'] === 'finished');
    const job = await call('GET', path);
    expect(job.json).toMatchObject({
      done: 5,
      documents: [
        ...names.map((name) => ({ name, status: 'done', seq: 2, results: [{ status: 'applied' }] })),
        { status: 'failed', code: 'document-not-found' },
        { status: 'failed', code: 'precondition-failed' },
      ],
    });
    const stranger = await signToken({ sub: 'eve', role: 'admin' });
    expect((await call('GET', path, { token: stranger })).status).toBe(404);
  });

  it('of a hundred documents at most', async () => {
    const documents = Array.from({ length: 101 }, () => ({ name: 'x', operations: [insert] }));
    expect((await call('POST', '/changes', { body: { documents } })).status).toBe(400);
  });

  it('the same request with the same key is the same job', async () => {
    const body = { documents: [{ name: newName(), operations: [insert] }] };
    const headers = { 'idempotency-key': 'job-1' };
    const [first, again] = [
      await call('POST', '/changes', { body, headers }),
      await call('POST', '/changes', { body, headers }),
    ];
    expect(again.json['id']).toBe(first.json['id']);
  });
});

describe('[REST98] a content is sent in the coding that is asked for', () => {
  it.each([
    ['br', (bytes: Buffer) => brotliDecompressSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdDecompressSync(bytes)],
  ] as const)('%s', async (coding, decode) => {
    const name = newName();
    const text = Array.from({ length: 200 }, (_, index) => `paragraph ${index}`).join('\n\n');
    await put(name, `${text}\n`);
    const path = `/v1/documents/${name}/content?format=markdown`;
    const answer = await readRaw(path, { 'accept-encoding': coding });
    expect(answer.headers['content-encoding']).toBe(coding);
    expect(String(answer.headers['vary'])).toContain('Accept-Encoding');
    expect(decode(answer.bytes).toString()).toBe(`${text}\n`);
    const plain = await readRaw(path, { 'accept-encoding': 'identity' });
    expect([plain.headers['content-encoding'], plain.bytes.toString()]).toEqual([undefined, `${text}\n`]);
    expect(answer.headers['etag']).toBe(plain.headers['etag']);
  });
});

/** Reads an answer as it is on the wire. */
async function readRaw(path: string, headers: Readonly<Record<string, string>>) {
  const authorization = `Bearer ${await signToken({ sub: 'ada', role: 'owner' })}`;
  return new Promise<{ readonly headers: Readonly<Record<string, unknown>>; readonly bytes: Buffer }>(
    (resolve, reject) => {
      const sent = request({ port: node.port, host: '127.0.0.1', path, headers: { ...headers, authorization } });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
      });
      sent.end();
    },
  );
}
