import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findPostgresPrograms,
  type PostgresServer,
  startPostgres,
} from '../../server/test/services/postgres-server.ts';
import { type Exit, startChild } from '../support/child-process.ts';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { callRest, readField } from '../support/rest-client.ts';
import { createServerSite, ROOT, type ServerSite } from '../support/scriptorium-server.ts';
import { skipWithout } from '../support/skip-without.ts';
import { mintToken, TEST_SECRET } from '../support/tokens.ts';

/** Built beside the server, or the source where the server is run from its sources. */
const ENTRY = process.env['SERVER_ENTRY']?.replace('main.mjs', 'cli.mjs') ?? 'server/src/cli/main.ts';

async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Exit & { output: string }> {
  const child = startChild({ command: process.execPath, args: [ENTRY, ...args], cwd: ROOT, env });
  const exit = await child.exited;
  return { ...exit, output: child.output() };
}

describe('[OPS70] the command line', () => {
  it('shows what there is, and ends with 2 on wrong usage', async () => {
    const help = await run(['--help']);
    expect(help.code).toBe(0);
    for (const command of ['token', 'migrate', 'copy', 'search']) expect(help.output).toContain(command);
    expect((await run(['unheard-of'])).code).toBe(2);
    expect((await run(['token'])).code).toBe(2);
    expect((await run(['token', '--name', 'Ada', '--document', 'x=king'])).code).toBe(2);
    expect((await run(['migrate'], { PORT: 'x' })).output).toContain('PORT must be a whole number');
  });

  it('signs a token that the server takes', async () => {
    const site = await createServerSite();
    try {
      await site.start();
      const env = { JWT_SECRET: TEST_SECRET };
      const { output, code } = await run(['token', '--name', 'Ada', '--role', 'owner', '--json'], env);
      expect(code).toBe(0);
      const token = String(readField(JSON.parse(output), 'token'));
      const answer = await callRest(`${site.url}/v1/session`, { token });
      expect(readField(answer.body, 'user', 'name')).toBe('Ada');
    } finally {
      await site.dispose();
    }
  });

  it('ends with 3 when the database is away', { timeout: 60_000 }, async () => {
    const { code, output } = await run(['migrate'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' });
    expect(code).toBe(3);
    expect(output).toContain('127.0.0.1:9');
  });
});

describe('[OPS141] search reindex', () => {
  it('has the running server rebuild its index, and says so when there is none', async () => {
    const site = await createServerSite();
    const env = { JWT_SECRET: TEST_SECRET, DATA_DIR: site.dataDir, PORT: String(site.port) };
    try {
      const away = await run(['search', 'reindex'], env);
      expect([away.code, away.output]).toEqual([3, expect.stringContaining(`127.0.0.1:${site.port}`)]);
      await site.start();
      const token = await mintToken({ sub: 'ada' });
      await callRest(`${site.url}/v1/documents`, { method: 'POST', token, body: { name: 'notes/one' } });
      const { code, output } = await run(['search', 'reindex', '--json'], env);
      expect(code).toBe(0);
      expect(JSON.parse(output)).toMatchObject({ state: 'finished', documents: 1, leftOut: 0 });
      const answer = await callRest(`${site.url}/v1/search?q=notes`, { token });
      expect(readField(answer.body, 'hits')).toHaveLength(1);
    } finally {
      await site.dispose();
    }
  });
});

describe.skipIf(skipWithout('postgresql', findPostgresPrograms() !== null))('[OPS71] copy', () => {
  let postgres: PostgresServer;
  let embedded: ServerSite;
  let cluster: ServerSite;
  const files = mkdtempSync(join(tmpdir(), 'scriptorium-copy-'));
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.createDatabase('target');
    [embedded, cluster] = [await createServerSite(), await createServerSite()];
  });
  afterAll(async () => {
    await embedded.dispose();
    await cluster.dispose();
    await postgres.dispose();
    rmSync(files, { recursive: true, force: true });
  });

  it(
    'moves documents, their past, names and tombstones; entity tags stay; a second time nothing is doubled',
    { timeout: 120_000 },
    async () => {
      const token = await mintToken({ sub: 'ada' });
      const server = await embedded.start({ env: { SNAPSHOT_INLINE_BYTES: '64' } });
      for (const name of ['plain', 'before', 'gone']) await write(embedded, name, token);
      const at = (site: ServerSite, name: string, rest = ''): string => `${site.url}/v1/documents/${name}${rest}`;
      await callRest(at(embedded, 'before'), { method: 'PATCH', token, body: { name: 'after' } });
      await callRest(at(embedded, 'gone'), { method: 'DELETE', token });
      const read = (site: ServerSite, name: string) => callRest(at(site, name, '/content?format=json'), { token });
      const [plain, after] = [await read(embedded, 'plain'), await read(embedded, 'after')];
      expect(plain.status).toBe(200);

      const env = { DATABASE_URL: postgres.urlOf('target'), DATA_DIR: files, JWT_SECRET: TEST_SECRET };
      const busy = await run(['copy', '--from', embedded.dataDir], env);
      expect(busy.code).toBe(3);
      expect(busy.output).toContain('another process uses');
      await server.terminate();

      const first = await run(['copy', '--from', embedded.dataDir, '--json'], env);
      expect(first).toMatchObject({ code: 0 });
      expect(JSON.parse(first.output)).toEqual({ copied: 3, known: 0 });
      expect(JSON.parse((await run(['copy', '--from', embedded.dataDir, '--json'], env)).output)).toEqual({
        copied: 0,
        known: 3,
      });

      await cluster.start({ env: { DATABASE_URL: postgres.urlOf('target') } });
      for (const [name, expected] of [
        ['plain', plain],
        ['after', after],
      ] as const) {
        const copied = await read(cluster, name);
        expect(copied.body).toEqual(expected.body);
        expect(copied.headers.get('etag')).toBe(expected.headers.get('etag'));
      }
      expect((await callRest(at(cluster, 'before'), { token, redirect: 'manual' })).status).toBe(308);
      expect((await read(cluster, 'gone')).status).toBe(410);
      // The copy is a live document like any other.
      await write(cluster, 'plain', token);
      expect((await read(cluster, 'plain')).headers.get('etag')).not.toBe(plain.headers.get('etag'));
    },
  );

  it('refuses names that are in use, and changes nothing', { timeout: 60_000 }, async () => {
    const token = await mintToken({ sub: 'ada' });
    const other = await createServerSite();
    try {
      const server = await other.start();
      await write(other, 'plain', token);
      await server.terminate();
      const env = { DATABASE_URL: postgres.urlOf('target'), DATA_DIR: files, JWT_SECRET: TEST_SECRET };
      const { code, output } = await run(['copy', '--from', other.dataDir], env);
      expect(code).toBe(1);
      expect(output).toContain('default/plain');
    } finally {
      await other.dispose();
    }
  });
});

async function write(site: ServerSite, document: string, token: string): Promise<void> {
  const client = openHocuspocus({ url: site.collabUrl, document, token });
  await client.ready();
  for (let index = 0; index < 100; index += 1) client.doc.getText('text').insert(0, `word ${index} `);
  await client.ready();
  client.destroy();
}
