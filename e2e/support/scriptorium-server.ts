import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, type Exit, startChild } from './child-process.ts';
import { findFreePort } from './free-port.ts';
import { TEST_SECRET } from './tokens.ts';
import { waitUntil, withDeadline } from './wait-until.ts';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a server needs to be started: a data directory and an address that outlive its runs. */
export interface ServerSite {
  readonly dataDir: string;
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** URL for Hocuspocus clients. */
  readonly collabUrl: string;
  /** Server URL for y-websocket clients. */
  readonly yUrl: string;
  /** Starts the server and waits until `/readyz` answers 200. */
  start(options?: StartOptions): Promise<RunningServer>;
  /** Ends what still runs and removes the data. */
  dispose(): Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Command put before `node`, such as a tracer that keeps the server as its direct child. */
  readonly wrapper?: readonly string[];
  readonly readyTimeoutMs?: number;
}

/** One run of the server. */
export interface RunningServer extends Child {
  /** From spawn to the first 200 of `/readyz`. */
  readonly readyAfterMs: number;
  /** SIGTERM, and waits for the orderly end. */
  terminate(): Promise<Exit>;
}

/** The environment variables of a server at this place. */
export function serverEnvironment(site: { readonly dataDir: string; readonly port: number }): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: String(site.port),
    DATA_DIR: site.dataDir,
    JWT_SECRET: TEST_SECRET,
    LOG_LEVEL: 'warn',
    // Tests ask more than people do; the limit has tests of its own.
    LIMIT_REQUESTS_PER_MINUTE: '0',
    LIMIT_ANONYMOUS_REQUESTS_PER_MINUTE: '0',
  };
}

/** What `npm test` has built, as `npm start` runs it; a single test run by hand takes the sources. */
const ENTRY = process.env.SERVER_ENTRY ?? 'server/src/main.ts';

/** Starts the server's entry without waiting for anything. */
export function spawnServer(env: Readonly<Record<string, string>>, wrapper: readonly string[] = []): Child {
  const [tracer, ...options] = wrapper;
  const node = [process.execPath, ENTRY] as const;
  if (tracer === undefined) return startChild({ command: node[0], args: [node[1]], cwd: ROOT, env });
  return startChild({ command: tracer, args: [...options, ...node], cwd: ROOT, env });
}

/** Makes a place with an empty data directory and a free port. */
export async function createServerSite(): Promise<ServerSite> {
  const dataDir = await mkdtemp(join(tmpdir(), 'scriptorium-e2e-'));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const children = new Set<Child>();
  return {
    dataDir,
    port,
    url,
    collabUrl: `ws://127.0.0.1:${port}/collab`,
    yUrl: `ws://127.0.0.1:${port}/y`,
    async start(options = {}) {
      const startedAt = performance.now();
      const child = spawnServer({ ...serverEnvironment({ dataDir, port }), ...options.env }, options.wrapper);
      children.add(child);
      await waitUntilReady(child, url, options.readyTimeoutMs ?? 20_000);
      return asRunningServer(child, performance.now() - startedAt);
    },
    async dispose() {
      for (const child of children) if (child.exit === null) await child.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Waits until `/readyz` answers 200, or throws with the output when the process ends first. */
export async function waitUntilReady(child: Child, url: string, timeoutMs: number): Promise<void> {
  await waitUntil(
    async () => {
      if (child.exit !== null) throw new Error(`the server ended before it was ready:\n${child.output()}`);
      return answersOk(`${url}/readyz`);
    },
    { what: `${url}/readyz answers 200`, timeoutMs, seen: () => child.output() },
  );
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

function asRunningServer(child: Child, readyAfterMs: number): RunningServer {
  return {
    pid: child.pid,
    output: child.output,
    get exit() {
      return child.exit;
    },
    exited: child.exited,
    signal: child.signal,
    kill: child.kill,
    readyAfterMs,
    async terminate() {
      child.signal('SIGTERM');
      return withDeadline(child.exited, { what: 'orderly end after SIGTERM', timeoutMs: 15_000, seen: child.output });
    },
  };
}
