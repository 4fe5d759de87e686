import { access, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the directory, unless it is there, so that it is still there, with all that was acknowledged in it, when the machine goes down. Step
 * by step: on some file systems (procfs) Node's own recursive `mkdir` never returns.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const parent = dirname(directory);
  try {
    await mkdir(directory);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    if (!hasCode(error, 'ENOENT') || parent === directory || (await exists(parent))) throw error;
    await makeDirectory(parent);
    await mkdir(directory);
  }
  await syncDirectory(parent);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
