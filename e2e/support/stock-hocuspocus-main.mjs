/**
 * Entry of a child process: stock Hocuspocus as its manual starts it. Arguments: the port to listen on, and a directory
 * where it loads and stores documents as files; without one nothing is stored. A third one names a hook that throws, as
 * a mistake of an embedding application would. Plain JavaScript, so that the memory of Node's type stripping is not held
 * against it.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Server } from '@hocuspocus/server';
import * as Y from 'yjs';

const [port = '', storeDir, throwingHook] = process.argv.slice(2);

const server = new Server({
  port: Number.parseInt(port, 10),
  address: '127.0.0.1',
  quiet: true,
  // Checks a token as any real set-up would, so that the handshake is the same.
  onAuthenticate({ token, connectionConfig }) {
    if (token.length === 0) return Promise.reject(new Error('no token'));
    if (isOfReader(token)) connectionConfig.readOnly = true;
    return Promise.resolve();
  },
  ...(throwingHook === undefined ? {} : { [throwingHook]: () => Promise.reject(new Error('a mistake in a hook')) }),
  ...(storeDir === undefined ? {} : fileStore(storeDir)),
});
await server.listen();

/**
 * Whether a token gives documents to read and no more.
 * @param {string} token
 */
function isOfReader(token) {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { documents = {} } = /** @type {{ documents?: Record<string, string> }} */ (JSON.parse(payload));
    return Object.values(documents).some((role) => role === 'viewer' || role === 'commenter');
  } catch {
    return false;
  }
}

/**
 * @param {string} directory
 * @returns {Partial<import('@hocuspocus/server').Configuration>}
 */
function fileStore(directory) {
  /** @param {string} name */
  const pathOf = (name) => join(directory, encodeURIComponent(name));
  return {
    async onLoadDocument({ documentName, document }) {
      const stored = await readFile(pathOf(documentName)).catch(() => null);
      if (stored !== null) Y.applyUpdate(document, stored);
    },
    async onStoreDocument({ documentName, document }) {
      const path = pathOf(documentName);
      await writeFile(`${path}.new`, Y.encodeStateAsUpdate(document));
      await rename(`${path}.new`, path);
    },
  };
}
