import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as Y from 'yjs';
import { type Child, startChild } from './child-process.ts';
import { acceptsConnections } from '../../server/test/services/process.ts';
import { findFreePort } from './free-port.ts';
import { waitUntil } from './wait-until.ts';

/** Stock Hocuspocus with a file store, as the thing to compare with. */
export interface StockSite {
  readonly collabUrl: string;
  readonly port: number;
  start(options?: StockOptions): Promise<Child>;
  /** What is stored of a document: what a crash at this moment leaves. */
  readStored(document: string): Promise<Y.Doc>;
  dispose(): Promise<void>;
}

export interface StockOptions {
  /** Name of a hook that throws whenever it is called. */
  readonly throwingHook?: string;
}

const ENTRY = fileURLToPath(new URL('stock-hocuspocus-main.mjs', import.meta.url));

/** Starts the child process of stock Hocuspocus and waits until it listens. */
async function startStockHocuspocus(port: number, storeDir: string, options: StockOptions): Promise<Child> {
  const { throwingHook } = options;
  const child = startChild({
    command: process.execPath,
    args: [ENTRY, String(port), storeDir, ...(throwingHook === undefined ? [] : [throwingHook])],
  });
  await waitUntil(
    async () => {
      if (child.exit !== null) throw new Error(`stock Hocuspocus ended:\n${child.output()}`);
      return acceptsConnections(port);
    },
    { what: 'stock Hocuspocus answers', timeoutMs: 20_000, seen: child.output },
  );
  return child;
}

/** Makes a place for stock Hocuspocus: a store directory and a port that outlive its runs. */
export async function createStockSite(): Promise<StockSite> {
  const storeDir = await mkdtemp(join(tmpdir(), 'stock-hocuspocus-'));
  const port = await findFreePort();
  const children = new Set<Child>();
  return {
    collabUrl: `ws://127.0.0.1:${port}`,
    port,
    async start(options = {}) {
      const child = await startStockHocuspocus(port, storeDir, options);
      children.add(child);
      return child;
    },
    async readStored(document) {
      const doc = new Y.Doc();
      const stored = await readFile(join(storeDir, encodeURIComponent(document))).catch(() => null);
      if (stored !== null) Y.applyUpdate(doc, stored);
      return doc;
    },
    async dispose() {
      for (const child of children) if (child.exit === null) await child.kill();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}
