import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { compressAnswers } from './compress-answers.ts';

const LONG = 'many words '.repeat(1_000);
/** Threads that Node has for this unless it is told otherwise. */
const THREADS = 4;

let clock: FakeClock;
let app: FastifyInstance;

function open(type: string, body: string | Buffer = LONG): void {
  clock = createFakeClock();
  app = fastify();
  compressAnswers(app, { clock });
  app.get('/', (_request, reply) => reply.type(type).header('etag', '"1-2"').send(body));
  app.get('/own', (_request, reply) => reply.type(type).header('content-encoding', 'zstd').send(body));
}

afterEach(() => app.close());

const ask = (url: string, coding: string) => app.inject({ url, headers: { 'accept-encoding': coding } });

describe('[REST260] answers are compressed', () => {
  it('where they are text, and the route has not done it', async () => {
    open('application/problem+json; charset=utf-8');
    const answer = await ask('/', 'zstd');
    expect(answer.headers).toMatchObject({ 'content-encoding': 'zstd', vary: 'Accept-Encoding', etag: '"1-2"' });
    expect(answer.headers['content-length']).toBe(String(answer.rawPayload.byteLength));
    expect(zstdDecompressSync(answer.rawPayload).toString()).toBe(LONG);
    expect((await ask('/own', 'zstd')).body).toBe(LONG);
  });

  it.each(['application/zip', 'image/png', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'])(
    'not where they are %s',
    async (type) => {
      open(type, Buffer.from(LONG));
      const { headers, body } = await ask('/', 'br');
      expect([headers['content-encoding'], headers['vary'], body]).toEqual([undefined, undefined, LONG]);
    },
  );

  it('not where they are short, or nobody asks, and say that it could be otherwise', async () => {
    open('text/html; charset=utf-8', 'short');
    expect((await ask('/', 'br')).headers['content-encoding']).toBeUndefined();
    await app.close();
    open('text/html; charset=utf-8');
    const { headers } = await ask('/', 'identity');
    expect([headers['content-encoding'], headers['vary']]).toEqual([undefined, 'Accept-Encoding']);
  });

  it('not where the threads that do it have no time', async () => {
    open('application/json; charset=utf-8');
    await app.ready();
    const work = Array.from({ length: 2 * THREADS }, () => promisify(pbkdf2)('a', 'b', 400_000, 64, 'sha512'));
    let isAnswered = false;
    const answer = ask('/', 'br').finally(() => void (isAnswered = true));
    while (!isAnswered) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(500);
    }
    const { headers, body } = await answer;
    expect([headers['content-encoding'], body]).toEqual([undefined, LONG]);
    await Promise.all(work);
  });
});
