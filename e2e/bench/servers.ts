import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../support/child-process.ts';
import { findFreePort } from '../support/free-port.ts';
import { ROOT, serverEnvironment, spawnServer } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Dialect } from './load-plan.ts';

/** A server to be measured. */
export interface BenchServer {
  readonly title: string;
  readonly dialect: Dialect;
  /** Path of the WebSocket endpoint. */
  readonly path: string;
  /** Path that answers 200 when the server is ready. */
  readonly readyPath: string;
  spawn(place: { readonly port: number; readonly dataDir: string }): Child;
}

/** One run of it, on one node or more. */
export interface Started {
  readonly pids: readonly number[];
  readonly urls: readonly string[];
  readonly token: string;
  readonly readyAfterMs: number;
  /** The Redis between its nodes, where there is one. */
  readonly redisUrl: string | null;
  stop(): Promise<void>;
}

/** The servers that the benchmark knows, by the name on the command line. */
export const SERVERS: Readonly<Record<string, BenchServer>> = {
  scriptorium: {
    title: 'Scriptorium',
    dialect: 'hocuspocus',
    path: '/collab',
    readyPath: '/readyz',
    spawn: (place) => spawnServer(serverEnvironment(place)),
  },
  hocuspocus: {
    title: 'Hocuspocus 4.7',
    dialect: 'hocuspocus',
    path: '',
    readyPath: '/',
    spawn: ({ port }) => spawnScript(new URL('../support/stock-hocuspocus-main.mjs', import.meta.url), port),
  },
  'y-websocket': {
    title: 'y-websocket 2.1',
    dialect: 'y-websocket',
    path: '',
    readyPath: '/',
    spawn: ({ port }) => spawnScript(new URL('../bin/server.cjs', import.meta.resolve('y-websocket-2')), port),
  },
  relay: {
    title: 'raw relay',
    dialect: 'relay',
    path: '',
    readyPath: '/',
    spawn: ({ port }) => spawnScript(new URL('raw-relay-main.mjs', import.meta.url), port),
  },
};

/** Starts a server in an empty directory and times it until it is ready. */
export async function startServer(server: BenchServer): Promise<Started> {
  const dataDir = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'));
  const port = await findFreePort();
  const startedAt = performance.now();
  const child = server.spawn({ port, dataDir });
  const readyUrl = `http://127.0.0.1:${port}${server.readyPath}`;
  await waitUntil(() => answers(readyUrl, child), {
    what: `${server.title} is ready`,
    timeoutMs: 20_000,
    seen: child.output,
  });
  const readyAfterMs = performance.now() - startedAt;
  return {
    pids: [child.pid],
    urls: [`ws://127.0.0.1:${port}${server.path}`],
    token: await mintToken({ sub: 'bench' }),
    readyAfterMs,
    redisUrl: null,
    async stop() {
      await child.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function answers(url: string, child: Child): Promise<boolean> {
  if (child.exit !== null) throw new Error(`ended before it was ready:\n${child.output()}`);
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function spawnScript(script: URL, port: number): Child {
  const path = fileURLToPath(script);
  return startChild({
    command: process.execPath,
    args: [path, String(port)],
    cwd: ROOT,
    env: { HOST: '127.0.0.1', PORT: String(port) },
  });
}
