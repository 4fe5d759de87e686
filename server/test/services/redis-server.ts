import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptsConnections, findPort, type ServiceProcess, startProcess, waitForService } from './process.ts';

/** A Redis of the tests, whose port and directory outlive its runs. */
export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  /** The present run. */
  process(): ServiceProcess;
  start(): Promise<void>;
  /** Ends the present run: SIGKILL unless told otherwise. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it and removes its directory. */
  dispose(): Promise<void>;
}

/** Starts a Redis that keeps nothing on disk. */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'scriptorium-redis-'));
  const port = await findPort();
  let current: ServiceProcess | null = null;
  const start = async (): Promise<void> => {
    const fixed = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    current = startProcess({ command: 'redis-server', args: [...fixed, ...options] });
    await waitForService(current, { name: 'Redis', check: () => acceptsConnections(port) });
  };
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    await current?.stop(signal);
    current = null;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    process() {
      if (current === null) throw new Error('Redis is not running');
      return current;
    },
    start,
    stop,
    async dispose() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
