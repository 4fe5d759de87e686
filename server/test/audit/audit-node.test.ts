import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import { connectByHand, SECRET, signToken, startTestNode } from '../node/test-node.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
const directory = createTemporaryDirectory('audit-node');
let node: Awaited<ReturnType<typeof startTestNode>>;
let admin: string;

beforeAll(async () => {
  node = await startTestNode(directory.path);
  admin = await signToken({ sub: 'root', role: 'admin' });
});
afterAll(() => {
  directory.remove();
});

async function rest(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${node.port}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${admin}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const env = { PATH: process.env['PATH'] ?? '', DATA_DIR: directory.path, JWT_SECRET: SECRET };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], { env });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: `${stdout}${stderr}` };
  }
}

describe('the audit log of a whole node', () => {
  it('[AUD23] who opens a document over a socket, by which link, and who is not let in', async () => {
    const client = await connectByHand(node.url);
    await client.enter('open/me', await signToken({ sub: 'ada' }));
    const made = await rest('POST', '/documents/open%2Fme/links', { role: 'viewer' });
    const guest = await connectByHand(node.url);
    await guest.enter('open/me', String(made['secret']));
    const eve = await connectByHand(node.url);
    eve.login('open/me', await signToken({ sub: 'eve', role: 'none' }));
    await eve.until('denied');
    const told = async () => {
      const { entries } = await rest('GET', '/audit?document=open%2Fme');
      return (entries as Record<string, unknown>[]).map(({ actor, action, detail }) =>
        [actor, action, JSON.stringify(detail)].join(' '),
      );
    };
    const link = String((made['grant'] as Record<string, unknown>)['subject']);
    const expected = [
      'ada document.open {"writes":"all"}',
      `${link} document.open {"writes":"none"}`,
      `${link} link.use {}`,
      'eve document.refuse {"code":"forbidden"}',
    ];
    await waitUntil('the notes are written', async () => (await told()).length >= 5);
    expect((await told()).toSorted()).toEqual(
      [...expected, 'root link.create {"role":"viewer","expiresAt":null}'].toSorted(),
    );
    for (const it of [client, guest, eve]) it.socket.terminate();
  });

  it('[AUD24] the command line verifies, lists, and finds what was tampered with', async () => {
    await rest('PUT', '/grants', { subject: 'user:ada', resource: 'x/*', role: 'viewer' });
    await node.stop();
    const honest = await run('audit', 'verify', '--json');
    expect(honest.code).toBe(0);
    const printed = join(directory.path, 'printed.json');
    writeFileSync(printed, honest.output);
    expect(JSON.parse(honest.output)).toMatchObject({ ok: true, chains: [{ chain: '*' }, { chain: 'default' }] });
    const { output } = await run('audit', 'list', '--json');
    const rows = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.at(-1)).toMatchObject({ action: 'grant.set', actor: 'root', subject: 'user:ada', seq: rows.length });
    expect((await run('audit', 'verify', '--against', printed)).code).toBe(0);
    expect((await run('audit', 'verify', '--against', CLI)).code).toBe(2);
    expect((await run('audit', 'export')).code).toBe(2);
    const store = await openEmbeddedStore(directory.path);
    const { database } = store;
    await sql`drop trigger audit_rows_update`.execute(database);
    await database.updateTable('audit_rows').set({ actor: 'nobody' }).where('action', '=', 'grant.set').execute();
    await store.close();
    const tampered = await run('audit', 'verify');
    expect(tampered.code).toBe(1);
    expect(tampered.output).toContain(`row ${rows.length}: changed`);
    expect(tampered.output).toContain('register of chains: 1 rows, ok');
  });
});
