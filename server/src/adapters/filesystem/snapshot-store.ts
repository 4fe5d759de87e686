import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ScriptoriumError } from '../../core/errors.ts';
import { isObjectKey, type SnapshotStore } from '../../ports/snapshot-store.ts';

export interface FilesystemSnapshotStoreDeps {
  /** Where the objects live; made when the first one is written. */
  readonly directory: string;
}

/** Snapshots as files: written beside their place, synced, renamed into it, and the directory synced. */
export function createFilesystemSnapshotStore(deps: FilesystemSnapshotStoreDeps): SnapshotStore {
  const root = resolve(deps.directory);
  const pathOf = (key: string): string => {
    if (!isObjectKey(key)) {
      throw new ScriptoriumError('internal', 'a snapshot key is not a plain relative path');
    }
    return join(root, key);
  };
  return {
    put: (key, bytes) => inStore(async () => writeDurably(root, pathOf(key), bytes)),
    get: (key) => inStore(async () => ifPresent(readFile(pathOf(key)))),
    remove: (key) => inStore(async () => removeFile(pathOf(key))),
  };
}

async function inStore<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ScriptoriumError) throw error;
    throw new ScriptoriumError('storage-unavailable', 'the snapshot directory does not answer', { cause: error });
  }
}

async function ifPresent<T>(result: Promise<T>): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function writeDurably(root: string, path: string, bytes: Uint8Array): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  const unfinished = join(directory, `${unfinishedPrefix(path)}${randomUUID()}`);
  try {
    await writeSynced(unfinished, bytes);
    await rename(unfinished, path);
  } catch (error) {
    await ifPresent(unlink(unfinished)).catch(() => null);
    throw error;
  }
  await syncDirectories(root, directory);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Syncs every directory from the object's up to the one that holds the root: an entry is durable only once its parent
 * is synced, and another write may have made a parent a moment ago without having synced it yet.
 */
async function syncDirectories(root: string, directory: string): Promise<void> {
  for (let current = directory; current.length >= dirname(root).length; current = dirname(current)) {
    const handle = await open(current, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (current === dirname(current)) return;
  }
}

/** Removes the object, and whatever a crash in the middle of writing it left. */
async function removeFile(path: string): Promise<void> {
  const directory = dirname(path);
  const prefix = unfinishedPrefix(path);
  for (const entry of (await ifPresent(readdir(directory))) ?? []) {
    if (entry.startsWith(prefix)) await ifPresent(unlink(join(directory, entry)));
  }
  await ifPresent(unlink(path));
}

function unfinishedPrefix(path: string): string {
  return `.${basename(path)}.`;
}
