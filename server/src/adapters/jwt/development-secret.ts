import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const FILE_NAME = 'development-secret';
const SECRET_BYTES = 32;

/**
 * Returns the development secret kept in the directory, made at the first call: 32 random bytes, readable by the
 * owner alone. Throws when the directory cannot be written or the file does not hold a secret.
 */
export async function loadDevelopmentSecret(dataDirectory: string): Promise<Uint8Array> {
  const path = join(dataDirectory, FILE_NAME);
  return (await readSecret(path)) ?? (await makeSecret(dataDirectory, path));
}

async function readSecret(path: string): Promise<Uint8Array | null> {
  try {
    const secret = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64url');
    if (secret.length !== SECRET_BYTES)
      throw new Error(`${path} does not hold a secret; remove it to have a new one made`);
    return secret;
  } catch (error) {
    if (isErrorCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function makeSecret(directory: string, path: string): Promise<Uint8Array> {
  await mkdir(directory, { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(SECRET_BYTES).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await publish(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  const secret = await readSecret(path);
  if (secret === null) throw new Error(`${path} went away while it was made`);
  return secret;
}

/** A hard link appears whole or not at all, and unlike a rename never replaces a secret made meanwhile. */
async function publish(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (isErrorCode(error, 'EEXIST')) return;
    if (!isErrorCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
    // A file system without hard links.
    await rename(temporary, path);
  }
}

function isErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
