import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('rest-writes');
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
const newPath = (): string => `/documents/d${(count += 1)}`;
const put = (path: string, text: string, headers: Readonly<Record<string, string>> = {}) =>
  call('PUT', `${path}/content`, { type: 'text/markdown', body: text, headers });
const read = async (path: string, query = '?format=markdown'): Promise<string> =>
  (await call('GET', `${path}/content${query}`)).text;

async function readDoc(path: string): Promise<Y.Doc> {
  const response = await fetch(`http://127.0.0.1:${node.port}/v1${path}/content?format=yjs`, {
    headers: { authorization: `Bearer ${await signToken({ sub: 'ada', role: 'owner' })}` },
  });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, new Uint8Array(await response.arrayBuffer()));
  return doc;
}

/** The ids of the blocks' items. */
function blockIds(doc: Y.Doc): readonly string[] {
  return doc
    .getXmlFragment('default')
    .toArray()
    .map((block) => `${block._item?.id.client}:${block._item?.id.clock}`);
}

describe('a program replaces the content', () => {
  it('[REST83] a document that is not there is created, and the next write replaces what it holds', async () => {
    const path = newPath();
    const created = await put(path, '# One\n\nTwo\n');
    expect([created.status, created.etag, created.headers.get('location')]).toEqual([201, '"1-1"', `/v1${path}`]);
    expect(created.json).toEqual({ epoch: 1, seq: 1, created: true, changed: true });
    const replaced = await put(path, '# One\n\nThree\n');
    expect([replaced.status, replaced.etag]).toEqual([200, '"1-2"']);
    expect(replaced.json).toEqual({ epoch: 1, seq: 2, created: false, changed: true });
    expect(await read(path)).toBe('# One\n\nThree\n');
    const same = await put(path, '# One\n\nThree\n');
    expect(same.json).toEqual({ epoch: 1, seq: 2, created: false, changed: false });
  });

  it('[REST83] every format that can be read can be written', async () => {
    const path = newPath();
    const source = newPath();
    await put(source, '## Title\n\n- **a**\n- b\n');
    for (const [format, type] of [
      ['json', 'application/json'],
      ['html', 'text/html'],
      ['markdown', 'text/markdown; charset=utf-8'],
    ] as const) {
      const body = await read(source, `?format=${format}`);
      expect((await call('PUT', `${path}/content`, { type, body })).status).toBeLessThan(202);
      expect(await read(path, '?format=json')).toBe(await read(source, '?format=json'));
    }
    const state = Y.encodeStateAsUpdate(await readDoc(source)) as Uint8Array<ArrayBuffer>;
    const copy = newPath();
    const type = 'application/vnd.yjs.update';
    expect((await call('PUT', `${copy}/content`, { type, body: state })).status).toBe(201);
    expect(await read(copy)).toBe(await read(source));
    expect((await call('PUT', `${copy}/content`, { type, body: state })).json).toMatchObject({ changed: false });
    const plain = newPath();
    await call('PUT', `${plain}/content`, { type: 'text/plain', body: 'a\nb' });
    expect(await read(plain, '?format=text')).toBe('a\nb');
  });

  it('[REST84] blocks that do not change keep their items, and a word changes inside its block', async () => {
    const path = newPath();
    await put(path, 'one\n\ntwo words here\n\nthree\n');
    const before = blockIds(await readDoc(path));
    await put(path, 'one\n\ntwo other words here\n\nthree\n\nfour\n');
    const after = blockIds(await readDoc(path));
    expect(after.slice(0, 3)).toEqual(before);
    expect(after).toHaveLength(4);
  });

  it.each([
    ['text/markdown', '', 201],
    ['application/json', '{"type":"doc","content":[{"type":"spaceship"}]}', 422],
    ['application/json', '{', 422],
    ['application/vnd.yjs.update', 'no update', 400],
    ['image/png', 'x', 415],
    ['text/plain', '\ud800'.repeat(2), 201],
  ])('[REST85] %s %j is answered with %d', async (type, body, status) => {
    expect((await call('PUT', `${newPath()}/content`, { type, body })).status).toBe(status);
  });

  it('[REST85] an update that hangs on what the document lacks is refused, and nothing is written', async () => {
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'a');
    const before = Y.encodeStateVector(doc);
    doc.getText('t').insert(1, 'b');
    const body = Y.encodeStateAsUpdate(doc, before) as Uint8Array<ArrayBuffer>;
    const path = newPath();
    await put(path, 'x\n');
    const answer = await call('PUT', `${path}/content`, { type: 'application/vnd.yjs.update', body });
    expect([answer.status, answer.json['code']]).toEqual([409, 'incomplete-update']);
    expect(await read(path)).toBe('x\n');
  });

  it('[REST86] who may not write is refused, and who may not create finds nothing', async () => {
    const path = newPath();
    await put(path, 'x\n');
    for (const role of ['none', 'viewer', 'commenter']) {
      const token = await signToken({ sub: 'eve', role });
      const answer = await call('PUT', `${path}/content`, { token, type: 'text/plain', body: 'y' });
      expect([role, answer.status]).toEqual([role, 403]);
    }
    expect(await read(path)).toBe('x\n');
    await call('DELETE', path);
    expect((await put(path, 'y\n')).status).toBe(410);
  });
});

describe('preconditions', () => {
  it('[REST87] a write goes into the state that it names, and into no other', async () => {
    const path = newPath();
    expect((await put(path, 'a\n', { 'if-match': '*' })).status).toBe(412);
    const { etag } = await put(path, 'a\n', { 'if-none-match': '*' });
    expect((await put(path, 'b\n', { 'if-none-match': '*' })).status).toBe(412);
    const second = await put(path, 'b\n', { 'if-match': etag });
    expect(second.status).toBe(200);
    const stale = await put(path, 'c\n', { 'if-match': etag });
    expect([stale.status, stale.json['code']]).toEqual([412, 'precondition-failed']);
    expect((await put(path, 'c\n', { 'if-match': `${etag}, ${second.etag}` })).status).toBe(200);
    expect((await put(path, 'd\n', { 'if-match': '*' })).status).toBe(200);
    expect(await read(path)).toBe('d\n');
  });

  it('[REST87] of many writes that name one state, one is made', async () => {
    const path = newPath();
    const { etag } = await put(path, 'a\n');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put(path, `${index}\n`, { 'if-match': etag })),
    );
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([
      200,
      ...Array<number>(7).fill(412),
    ]);
  });

  it('[REST88] what is typed and not yet committed moves the state on', async () => {
    const path = newPath();
    const name = path.slice('/documents/'.length);
    const { etag } = await put(path, 'a\n');
    const client = await connectByHand(node.url);
    await client.enter(name, await signToken({ sub: 'bob' }));
    const doc = await readDoc(path);
    const before = Y.encodeStateVector(doc);
    doc.getText('aside').insert(0, 'typed');
    client.update(name, Y.encodeStateAsUpdate(doc, before));
    await client.until('status');
    expect((await put(path, 'b\n', { 'if-match': etag })).status).toBe(412);
    client.socket.close();
  });

  it('[REST89] a document is deleted only in the state that is named', async () => {
    const path = newPath();
    const { etag } = await put(path, 'a\n');
    const record = await call('GET', path);
    expect((await call('DELETE', path, { headers: { 'if-match': '"1-0"' } })).status).toBe(412);
    await put(path, 'b\n');
    expect((await call('DELETE', path, { headers: { 'if-match': etag } })).status).toBe(412);
    expect((await call('DELETE', path, { headers: { 'if-match': record.etag } })).status).toBe(412);
    expect((await call('DELETE', path, { headers: { 'if-match': (await call('GET', path)).etag } })).status).toBe(204);
  });
});

describe('[REST90] live rooms see a write at once, with the caller as its author', () => {
  it('on a socket that is open, and in the log', async () => {
    const path = newPath();
    const name = path.slice('/documents/'.length);
    await put(path, 'a\n');
    const client = await connectByHand(node.url);
    const seen: Y.Doc = await readDoc(path);
    await client.enter(name, await signToken({ sub: 'bob' }));
    client.socket.on('message', (bytes: Buffer) => applyFrame(seen, name, bytes));
    await put(path, 'a changed\n');
    await waitUntil('the change is seen', () => seen.getXmlFragment('default').toString().includes('changed'));
    client.socket.close();
  });
});

/** Applies a frame to a document if it is an update: address, type 0, Update (2), length, bytes. */
function applyFrame(doc: Y.Doc, name: string, bytes: Buffer): void {
  const at = 1 + Buffer.byteLength(name);
  if (bytes[at] !== 0 || bytes[at + 1] !== 2) return;
  let length = 0;
  let cursor = at + 2;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[cursor] ?? 0;
    cursor += 1;
    length |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  Y.applyUpdate(doc, new Uint8Array(bytes.subarray(cursor, cursor + length)));
}

describe('[REST91] a key makes a write happen once', () => {
  it('the same request is answered as the first was, and changes nothing', async () => {
    const path = newPath();
    const headers = { 'idempotency-key': 'k1' };
    const first = await put(path, 'a\n', headers);
    await put(path, 'b\n');
    const again = await put(path, 'a\n', headers);
    expect([again.status, again.etag, again.json]).toEqual([first.status, first.etag, first.json]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await read(path)).toBe('b\n');
  });

  it('a refusal about the state is kept as well', async () => {
    const path = newPath();
    await put(path, 'a\n');
    const headers = { 'idempotency-key': 'k-412', 'if-match': '"1-0"' };
    for (let round = 0; round < 2; round += 1) {
      const answer = await put(path, 'b\n', headers);
      expect([answer.status, answer.json['code']]).toEqual([412, 'precondition-failed']);
    }
  });

  it('another request under the key is refused', async () => {
    const path = newPath();
    const headers = { 'idempotency-key': 'k2' };
    await put(path, 'a\n', headers);
    const other = await put(path, 'b\n', headers);
    expect([other.status, other.json['code']]).toEqual([422, 'idempotency-key-reused']);
    expect((await put(newPath(), 'a\n', headers)).status).toBe(422);
  });

  it("somebody else's key is another one", async () => {
    const path = newPath();
    const headers = { 'idempotency-key': 'k3' };
    await put(path, 'a\n', headers);
    const token = await signToken({ sub: 'bob' });
    const other = await call('PUT', `${path}/content`, { token, type: 'text/markdown', body: 'b\n', headers });
    expect(other.status).toBe(200);
  });

  it('of many at the same time, one is at work', async () => {
    const path = newPath();
    await put(path, 'a\n');
    const body = { operations: [{ op: 'insertBlock', to: { at: 'end' }, node: { type: 'paragraph' } }] };
    const headers = { 'idempotency-key': 'k4' };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => call('POST', `${path}/changes`, { body, headers })),
    );
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect((await call('POST', `${path}/changes`, { body, headers })).status).toBe(200);
    expect((await readDoc(path)).getXmlFragment('default')).toHaveLength(2);
  });

  it('a document that was created is created once', async () => {
    const name = newPath().slice('/documents/'.length);
    const request = { body: { name }, headers: { 'idempotency-key': 'k5' } };
    const first = await call('POST', '/documents', request);
    const again = await call('POST', '/documents', request);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
    await call('DELETE', `/documents/${name}`, { headers: { 'idempotency-key': 'k6' } });
    expect((await call('DELETE', `/documents/${name}`, { headers: { 'idempotency-key': 'k6' } })).status).toBe(204);
  });
});
