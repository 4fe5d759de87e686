import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('rest-compression');
let node: Awaited<ReturnType<typeof startTestNode>>;
let call: Caller;
let authorization: string;

const DECODE = { br: brotliDecompressSync, zstd: zstdDecompressSync, gzip: gunzipSync } as const;
/** What differs from one moment to the next. */
const CHANGING = ['/v1/audit', '/metrics'];
const paragraphs = (word: string): string =>
  Array.from({ length: 100 }, (_, index) => `the ${word} paragraph ${index}`).join('\n\n');

beforeAll(async () => {
  node = await startTestNode(directory.path);
  call = await createCaller(node);
  const admin = await signToken({ sub: 'ada', role: 'admin' });
  authorization = `Bearer ${admin}`;
  for (const word of ['first', 'second', 'third'])
    await call('PUT', '/documents/long/content', { type: 'text/markdown', body: `${paragraphs(word)}\n` });
  // Of many people, so that the history is long.
  for (let count = 0; count < 40; count += 1) {
    const token = await signToken({ sub: `writer${count}`, role: 'owner' });
    await call('PUT', '/documents/long/content', { token, type: 'text/markdown', body: `${paragraphs(`${count}`)}\n` });
  }
  for (let count = 0; count < 20; count += 1) {
    await call('PUT', `/documents/list%2F${count}/content`, { type: 'text/markdown', body: 'one paragraph\n' });
    await call('GET', `/documents/list%2F${count}/content`);
  }
  for (const path of ['/search?q=paragraph', '/audit'])
    await waitUntil(`${path} is long`, async () => (await call('GET', path, { token: admin })).text.length > 2_000);
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

/** Reads an answer as it is on the wire; of one without an end the beginning. */
function read(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const options = { port: node.port, host: '127.0.0.1', method, path, headers: { authorization, ...headers } };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      const finish = (): void => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) });
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (!response.headers['content-type']?.startsWith('text/event-stream')) return;
        finish();
        sent.destroy();
      });
      response.on('end', finish);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('[REST260] large answers are compressed', () => {
  describe.each([
    '/v1/documents/long/history',
    '/v1/documents/long/diff?from=1&to=3',
    '/v1/documents/long/diff?from=1&to=3&format=html',
    '/v1/documents/long/blame',
    '/v1/documents/long/export?format=markdown',
    '/v1/documents/long/export?format=json',
    '/v1/documents/long/export?format=yjs',
    '/v1/documents?prefix=list/',
    '/v1/search?q=paragraph',
    '/v1/audit',
    '/openapi.json',
    '/metrics',
  ])('%s', (path) => {
    it.each(['br', 'zstd', 'gzip'] as const)('%s', async (coding) => {
      const plain = await read('GET', path, { 'accept-encoding': 'identity' });
      expect([plain.status, plain.headers['content-encoding']]).toEqual([200, undefined]);
      const answer = await read('GET', path, { 'accept-encoding': coding });
      expect(answer.headers['content-encoding']).toBe(coding);
      expect(String(answer.headers['vary'])).toMatch(/accept-encoding/i);
      expect(answer.headers['content-length']).toBe(String(answer.bytes.byteLength));
      expect(answer.bytes.byteLength).toBeLessThan(plain.bytes.byteLength);
      const decoded = DECODE[coding](answer.bytes);
      if (CHANGING.includes(path)) expect(decoded.toString()).toMatch(/^[{#]/);
      else expect(decoded.equals(plain.bytes)).toBe(true);
      expect(answer.headers['etag']).toBe(plain.headers['etag']);
    });
  });

  it('an entity tag from one coding is known in every other', async () => {
    const path = '/v1/documents/long/blame';
    const etag = String((await read('GET', path, { 'accept-encoding': 'br' })).headers['etag']);
    for (const coding of ['br', 'gzip', 'identity']) {
      const known = await read('GET', path, { 'accept-encoding': coding, 'if-none-match': etag });
      expect([known.status, known.headers['etag'], known.bytes.byteLength]).toEqual([304, etag, 0]);
    }
  });

  it('HEAD tells what GET would', async () => {
    const path = '/v1/documents/long/blame';
    const [head, get] = [
      await read('HEAD', path, { 'accept-encoding': 'gzip' }),
      await read('GET', path, { 'accept-encoding': 'gzip' }),
    ];
    const told = ['content-encoding', 'content-length', 'etag', 'vary'];
    expect(told.map((it) => head.headers[it])).toEqual(told.map((it) => get.headers[it]));
    expect(head.bytes.byteLength).toBe(0);
  });

  it.each(['/v1/documents/long/export?format=docx', '/v1/export?format=markdown'])(
    '%s is compressed already, and is sent as it is',
    async (path) => {
      const { status, headers, bytes } = await read('GET', path, { 'accept-encoding': 'br, zstd, gzip' });
      expect([status, headers['content-encoding'], bytes.subarray(0, 2).toString()]).toEqual([200, undefined, 'PK']);
    },
  );

  it('a stream of events is not held back by it', async () => {
    const path = '/v1/documents/long/events';
    const headers = { 'accept-encoding': 'br, zstd, gzip', 'last-event-id': '0' };
    const stream = await read('GET', path, headers);
    expect([stream.status, stream.headers['content-encoding']]).toEqual([200, undefined]);
    expect(stream.bytes.toString()).toMatch(/^retry: /);
  });
});
