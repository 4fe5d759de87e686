import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as Y from 'yjs';
import { type Child, startChild } from './child-process.ts';
import { findFreePort } from './free-port.ts';
import { waitUntil } from './wait-until.ts';

/** Stock Hocuspocus with a file store, as the thing to compare with. */
export interface StockSite {
  readonly collabUrl: string;
  start(): Promise<Child>;
  /** What is stored of a document: what a crash at this moment leaves. */
  readStored(document: string): Promise<Y.Doc>;
  dispose(): Promise<void>;
}

/** Starts the child process of stock Hocuspocus and waits until it answers HTTP. */
async function startStockHocuspocus(port: number, storeDir: string): Promise<Child> {
  const child = startChild({
    command: process.execPath,
    args: [fileURLToPath(new URL('stock-hocuspocus-main.mjs', import.meta.url)), String(port), storeDir],
  });
  await waitUntil(
    async () => {
      if (child.exit !== null) throw new Error(`stock Hocuspocus ended:\n${child.output()}`);
      return fetch(`http://127.0.0.1:${port}/`).then(
        (response) => response.ok,
        () => false,
      );
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
    async start() {
      const child = await startStockHocuspocus(port, storeDir);
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
