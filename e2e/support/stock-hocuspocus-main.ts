/**
 * Entry of a child process: stock Hocuspocus as its manual starts it. `PORT` is where it listens; with `STORE_DIR` it
 * loads and stores documents as files there, without it nothing is stored.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Server, type Configuration } from '@hocuspocus/server';
import * as Y from 'yjs';

const port = Number.parseInt(process.env['PORT'] ?? '', 10);
const storeDir = process.env['STORE_DIR'];

const server = new Server({
  port,
  address: '127.0.0.1',
  quiet: true,
  // Checks a token as any real set-up would, so that the handshake is the same.
  onAuthenticate: async ({ token }) => {
    if (token.length === 0) throw new Error('no token');
  },
  ...(storeDir === undefined ? {} : fileStore(storeDir)),
});
await server.listen();

function fileStore(directory: string): Partial<Configuration> {
  const pathOf = (name: string): string => join(directory, encodeURIComponent(name));
  return {
    async onLoadDocument({ documentName, document }) {
      const stored = await readStored(pathOf(documentName));
      if (stored !== null) Y.applyUpdate(document, stored);
    },
    async onStoreDocument({ documentName, document }) {
      const path = pathOf(documentName);
      await writeFile(`${path}.new`, Y.encodeStateAsUpdate(document));
      await rename(`${path}.new`, path);
    },
  };
}

async function readStored(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch {
    return null;
  }
}
