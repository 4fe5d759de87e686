import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { unzipSync } from 'fflate';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import type { VersionView } from '@scriptorium/shared/version-schemas';
import type { DocumentView } from '@scriptorium/shared/rest-schemas';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { SECRET, startTestNode } from './test-node.ts';

// Every command is a process of its own, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 400_000 });

const ENTRY = resolve(import.meta.dirname, '../../src/cli/main.ts');

const directory = createTemporaryDirectory('command-line');
let node: Awaited<ReturnType<typeof startTestNode>>;

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

const run = (...args: readonly string[]): Promise<Run> => runIn('data', args);

async function runIn(data: string, args: readonly string[]): Promise<Run> {
  const env = { PATH: process.env['PATH'], PORT: String(node.port), JWT_SECRET: SECRET };
  const child = spawn(process.execPath, [ENTRY, ...args], { env: { ...env, DATA_DIR: join(directory.path, data) } });
  const ended = new Promise<number>((done) => child.on('close', (code) => done(code ?? -1)));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, output, errors };
}

const json = async <T>(...args: readonly string[]): Promise<T> => {
  const { code, output, errors } = await run(...args, '--json');
  expect([code, errors]).toEqual([0, '']);
  return JSON.parse(output) as T;
};

beforeAll(async () => {
  node = await startTestNode(join(directory.path, 'data'));
  mkdirSync(join(directory.path, 'files/notes'), { recursive: true });
  writeFileSync(join(directory.path, 'files/notes/one.md'), '# One\n\nText\n');
  writeFileSync(join(directory.path, 'files/two.txt'), 'Two');
  writeFileSync(join(directory.path, 'files/left.png'), 'no document');
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

function stateOf(words: string): Uint8Array {
  const document = new Y.Doc();
  const paragraph = new Y.XmlElement('paragraph');
  paragraph.insert(0, [new Y.XmlText(words)]);
  document.getXmlFragment('default').insert(0, [paragraph]);
  return Y.encodeStateAsUpdate(document);
}

describe('[OPS120] documents on the command line', () => {
  it('come from files, are listed, exported, named and restored', async () => {
    const files = join(directory.path, 'files');
    expect(await json('import', files, '--prefix', 'in/')).toEqual({ created: 2, changed: 0, same: 0, failed: [] });
    expect(await json('import', files, '--prefix', 'in/')).toMatchObject({ created: 0, changed: 0, same: 2 });
    const listed = await json<readonly DocumentView[]>('documents', 'list', '--prefix', 'in/');
    expect(listed.map(({ name }) => name)).toEqual(['in/notes/one', 'in/two']);
    expect(await json('documents', 'show', 'in/two')).toMatchObject({ name: 'in/two', seq: 1 });
    const { output } = await run('versions', 'create', 'in/notes/one', '--label', 'First');
    writeFileSync(join(files, 'notes/one.md'), '# One\n\nChanged\n');
    expect(await json('import', files, '--prefix', 'in/')).toMatchObject({ changed: 1, same: 1 });
    expect(await json('versions', 'restore', 'in/notes/one', output.trim())).toMatchObject({ seq: 3, changed: true });
    const versions = await json<readonly VersionView[]>('versions', 'list', 'in/notes/one');
    // A document that nobody had open for a while got one by itself.
    const wanted = versions.filter(({ kind }) => kind !== 'automatic');
    expect(wanted).toMatchObject([{ kind: 'restored' }, { label: 'First' }]);
    const file = join(directory.path, 'one.md');
    expect(await json('export', 'in/notes/one', '--out', file)).toEqual({ file, bytes: 12 });
    expect(readFileSync(file, 'utf8')).toBe('# One\n\nText\n');
    const archive = join(directory.path, 'all.zip');
    expect((await run('export', '--out', archive, '--format', 'json', '--prefix', 'in/', '--history')).code).toBe(0);
    const paths = Object.keys(unzipSync(readFileSync(archive)));
    expect(paths).toContain('versions/in/notes/one.json');
    expect(paths).toContain('manifest.json');
    await json('documents', 'delete', 'in/two');
    expect((await run('documents', 'show', 'in/two')).code).toBe(1);
  });

  it('are made, written, read as they were, called otherwise and published', async () => {
    expect(await json('documents', 'create', 'by/hand', '--title', 'By hand')).toMatchObject({ title: 'By hand' });
    const file = join(directory.path, 'by-hand.md');
    writeFileSync(file, '# One\n');
    expect(await json('documents', 'write', 'by/hand', file)).toMatchObject({ seq: 1, changed: true });
    writeFileSync(file, '# Two\n');
    expect((await run('documents', 'write', 'by/hand', file, '--if-match', '"1-0"')).code).toBe(1);
    expect((await run('documents', 'write', 'by/hand', file, '--if-match', '"1-1"')).code).toBe(0);
    expect((await run('documents', 'read', 'by/hand')).output).toBe('# Two\n');
    expect((await run('documents', 'read', 'by/hand', '--at', '1', '--format', 'text')).output).toBe('One\n');
    await json('documents', 'create', 'by/copy', '--from', 'by/hand', '--at', '1');
    expect((await run('documents', 'read', 'by/copy')).output).toBe('# One\n');
    expect(await json('documents', 'rename', 'by/copy', 'by/other')).toMatchObject({ name: 'by/other' });
    const { output } = await run('versions', 'create', 'by/hand', '--label', 'First');
    expect(await json('versions', 'rename', 'by/hand', output.trim(), '--label', 'Second')).toMatchObject({
      label: 'Second',
    });
    const published = await json<{ path: string }>('versions', 'publish', 'by/hand', '--at', output.trim());
    const page = `http://127.0.0.1:${node.port}${published.path}`;
    expect(await (await fetch(page)).text()).toContain('Two');
    expect((await run('versions', 'unpublish', 'by/hand')).code).toBe(0);
    expect((await fetch(page)).status).toBe(410);
    expect((await run('versions', 'remove', 'by/hand', output.trim())).code).toBe(0);
    const left = await json<readonly VersionView[]>('versions', 'list', 'by/hand');
    expect(left.map(({ label }) => label)).not.toContain('Second');
  });

  it('tell by their exit code what went wrong', async () => {
    expect(await run('documents', 'show', 'nowhere')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('no such document') as string,
    });
    expect((await run('documents', 'list', '--token', 'nonsense')).code).toBe(1);
    expect((await run('documents', 'list', '--server', 'http://127.0.0.1:9')).code).toBe(3);
    expect((await run('import')).code).toBe(2);
    expect((await run('import', join(directory.path, 'nowhere'))).code).toBe(2);
    writeFileSync(join(directory.path, 'bad.docx'), 'no archive');
    const failed = await run('import', join(directory.path, 'bad.docx'), '--json');
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.output)).toMatchObject({ created: 0, failed: [{ name: 'bad' }] });
    expect((await run('repair', 'in/notes/one')).code).not.toBe(0);
  });
});

const SCHEMA = 'create table documents (name varchar(255) not null, data %s not null, unique (name))';

describe('[OPS121] the database of another Hocuspocus server', () => {
  it('is imported from SQLite; a name that no document can have is told, the others come', async () => {
    const file = join(directory.path, 'hocuspocus.sqlite');
    const database = new Database(file);
    database.exec(SCHEMA.replace('%s', 'blob'));
    const insert = database.prepare('insert into documents (name, data) values (?, ?)');
    for (const name of ['alpha', 'beta/gamma', 'not a name']) insert.run(name, stateOf(`Text of ${name}`));
    database.close();
    const { code, output } = await run('import', '--hocuspocus', file, '--prefix', 'old/', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ created: 2, failed: [{ name: 'old/not a name' }] });
    const out = join(directory.path, 'alpha.txt');
    await json('export', 'old/alpha', '--format', 'text', '--out', out);
    expect(readFileSync(out, 'utf8')).toBe('Text of alpha');
    const again = await run('import', '--hocuspocus', file, '--prefix', 'old/', '--json');
    expect(JSON.parse(again.output)).toMatchObject({ created: 0, changed: 0, same: 2 });
  });

  it.skipIf(missing.postgres)('is imported from PostgreSQL', async () => {
    const url = await newDatabase();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(SCHEMA.replace('%s', 'bytea'));
    for (let index = 0; index < 120; index += 1)
      await client.query('insert into documents (name, data) values ($1, $2)', [`d${index}`, stateOf(`Text ${index}`)]);
    await client.end();
    expect(await json('import', '--hocuspocus', url, '--prefix', 'pg/')).toMatchObject({ created: 120, failed: [] });
    expect(await json('import', '--hocuspocus', url, '--prefix', 'pg/')).toMatchObject({ created: 0, same: 120 });
  });
});

describe('[OPS122] a damaged document', () => {
  it('is made writable again, and a sound one is left alone', async () => {
    const data = join(directory.path, 'damaged');
    const damaged = await startTestNode(data);
    const server = `http://127.0.0.1:${damaged.port}`;
    const files = join(directory.path, 'files/notes');
    expect(await json('import', files, '--server', server)).toMatchObject({ created: 1 });
    await damaged.stop();
    const database = new Database(join(data, 'scriptorium.sqlite'));
    database.exec("update log_rows set payload = x'090909'");
    database.close();
    const first = await runIn('damaged', ['repair', 'one', '--json']);
    expect([first.code, JSON.parse(first.output)]).toMatchObject([0, { kind: 'repaired', rows: [1], epoch: 2 }]);
    const second = await runIn('damaged', ['repair', 'one']);
    expect(second).toMatchObject({ code: 0, output: 'nothing of it is damaged\n' });
    expect((await runIn('damaged', ['repair', 'other'])).code).toBe(1);
    expect((await runIn('damaged', ['repair', 'no name'])).code).toBe(2);
  });
});
