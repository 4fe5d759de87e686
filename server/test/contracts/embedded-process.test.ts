import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFilesystemSnapshotStore } from '../../src/adapters/filesystem/snapshot-store.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { entry, newDocument, newWriter, readTexts } from './store-under-test.ts';

const CHILD = fileURLToPath(new URL('./embedded-child.ts', import.meta.url));

let directory: TemporaryDirectory;
const children: ChildProcess[] = [];
beforeEach(() => void (directory = createTemporaryDirectory('process')));
afterEach(() => {
  // A test that failed half-way leaves its child at work.
  for (const child of children.splice(0)) child.kill('SIGKILL');
  directory.remove();
});

function startChild(task: 'append' | 'open', documentId = '') {
  const child = spawn(process.execPath, [CHILD, task, directory.path, documentId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function openInAnotherProcess(): Promise<string> {
  const child = startChild('open');
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  await once(child, 'close');
  return lines.join('\n');
}

/** Lets a child append, kills it once it has acknowledged so many rows, and returns what it acknowledged. */
async function appendAndKill(documentId: number, acknowledgements: number): Promise<readonly string[]> {
  const child = startChild('append', String(documentId));
  const acknowledged: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    acknowledged.push(line);
    if (acknowledged.length === acknowledgements) child.kill('SIGKILL');
  });
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

describe('the embedded store and processes', () => {
  it('[LOG34] a process that is killed loses no row that it acknowledged, and leaves no gap', async () => {
    const store = await openEmbeddedStore(directory.path);
    const { id } = await newDocument(store);
    await store.close();
    const acknowledged: string[] = [];
    for (const count of [1, 100, 337]) acknowledged.push(...(await appendAndKill(id, count)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(438);
    const again = await openEmbeddedStore(directory.path);
    const rows = await readTexts(again, id);
    expect(rows.map(([seq]) => seq)).toEqual(Array.from({ length: rows.length }, (_, index) => index + 1));
    const stored = new Set(rows.map(([seq, text]) => `${seq} ${text}`));
    expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
    expect(await again.log.readHeads([id])).toEqual([{ documentId: id, epoch: 1, head: rows.length }]);
    await again.close();
  });

  it('[OPS20] a second process on the same directory is refused, until the first one is gone', async () => {
    const store = await openEmbeddedStore(directory.path);
    expect(await openInAnotherProcess()).toBe(`storage-unavailable another process uses ${directory.path}`);
    await expect(openEmbeddedStore(directory.path)).rejects.toMatchObject({
      detail: `another process uses ${directory.path}`,
    });
    await newDocument(store);
    await store.close();
    expect(await openInAnotherProcess()).toBe('opened');
  });

  it('[OPS20] a killed process leaves no lock behind', async () => {
    const store = await openEmbeddedStore(directory.path);
    const { id } = await newDocument(store);
    await store.close();
    await appendAndKill(id, 1);
    expect(await openInAnotherProcess()).toBe('opened');
  });

  it('[OPS21] a database that a newer program wrote is refused and left as it is', async () => {
    const store = await openEmbeddedStore(directory.path);
    await sql`pragma user_version = 999`.execute(store.database);
    await store.close();
    const file = join(directory.path, 'scriptorium.sqlite');
    const before = readFileSync(file);
    await expect(openEmbeddedStore(directory.path)).rejects.toThrow(
      /^storage-unavailable: a newer version of Scriptorium wrote .* \(schema 999, .* \d+ at most\)$/,
    );
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
  });

  it('[OPS22] a directory that cannot be written is refused with its name', async () => {
    const file = join(directory.path, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      await expect(openEmbeddedStore(path)).rejects.toThrow(`storage-unavailable: cannot write to ${path}`);
    }
  });

  it('[OPS23] a file that is no database is refused and left as it is', async () => {
    const file = join(directory.path, 'scriptorium.sqlite');
    writeFileSync(file, 'a letter to a friend, long enough to fill the header of a database. '.repeat(20));
    const before = readFileSync(file);
    await expect(openEmbeddedStore(directory.path)).rejects.toMatchObject({ detail: `${file} is not a database` });
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
  });

  it('[OPS24] closing leaves one file, with everything in it', async () => {
    const store = await openEmbeddedStore(directory.path);
    await newDocument(store);
    expect(readdirSync(directory.path)).toContain('scriptorium.sqlite-wal');
    await store.close();
    expect(readdirSync(directory.path)).toEqual(['scriptorium.sqlite']);
  });
});

describe('the write-ahead log', () => {
  it('[OPS29] it stays small however much is appended, without anybody closing the store', async () => {
    const store = await openEmbeddedStore(directory.path);
    const { id } = await newDocument(store);
    const writer = newWriter(store);
    const payload = new Uint8Array(500_000).fill(7);
    for (let index = 0; index < 100; index += 1) await writer.append({ ...entry(id, ''), payload });
    expect(statSync(join(directory.path, 'scriptorium.sqlite-wal')).size).toBeLessThan(16_000_000);
    await store.close();
  });
});

describe('snapshot files', () => {
  it('[SNAP28] what a killed write left is not an object, and goes with the removal of its key', async () => {
    const store = createFilesystemSnapshotStore({ directory: directory.path });
    await store.put('t/d/1-1-abc', Buffer.from('x'));
    writeFileSync(join(directory.path, 't/d/.1-1-abc.unfinished'), 'half');
    writeFileSync(join(directory.path, 't/d/.1-2-abc.unfinished'), 'half');
    expect(await store.get('t/d/1-2-abc')).toBeNull();
    await store.remove('t/d/1-2-abc');
    expect(readdirSync(join(directory.path, 't/d'))).toEqual(['.1-1-abc.unfinished', '1-1-abc']);
    await store.remove('t/d/1-1-abc');
    expect(readdirSync(join(directory.path, 't/d'))).toEqual([]);
  });

  it('[SNAP28] a write that fails leaves nothing, and says that the store does not answer', async () => {
    writeFileSync(join(directory.path, 't'), 'in the way');
    const store = createFilesystemSnapshotStore({ directory: directory.path });
    await expect(store.put('t/d/1-1-abc', Buffer.from('x'))).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(readdirSync(directory.path)).toEqual(['t']);
  });
});
