import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptsConnections, findPort, type ServiceProcess, startProcess, waitForService } from './process.ts';
import { ask } from './redis-cluster.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

/** A master, its replica, and three sentinels that watch them. */
export interface RedisSentinels {
  /** `redis+sentinel://127.0.0.1:PORT,…/mymaster` */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  /** The port of the master that the sentinels name. */
  masterPort(): Promise<number>;
  dispose(): Promise<void>;
}

const MASTER = 'mymaster';

export async function startRedisSentinels(): Promise<RedisSentinels> {
  const master = await startRedis(['--repl-diskless-sync-delay', '0']);
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)]);
  await until('the replica follows', async () =>
    String(await ask(replica, ['info', 'replication'])).includes('master_link_status:up'),
  );
  const directory = mkdtempSync(join(tmpdir(), 'scriptorium-sentinels-'));
  const sentinels = await Promise.all([1, 2, 3].map((number) => startSentinel(directory, number, master.port)));
  await until('the sentinels know each other', async () => {
    const views = await Promise.all(sentinels.map(({ port }) => ask({ port }, ['info', 'sentinel'])));
    return views.every((view) => /slaves=1,sentinels=3/.test(String(view)));
  });
  const [first] = sentinels;
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${MASTER}`,
    servers: [master, replica],
    async masterPort() {
      const answer = await ask({ port: first?.port ?? 0 }, ['sentinel', 'get-master-addr-by-name', MASTER]);
      return Number(Array.isArray(answer) ? answer[1] : 0);
    },
    async dispose() {
      for (const sentinel of sentinels) await sentinel.process.stop('SIGKILL');
      await Promise.all([master, replica].map((server) => server.dispose()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function startSentinel(
  directory: string,
  number: number,
  masterPort: number,
): Promise<{ readonly port: number; readonly process: ServiceProcess }> {
  const port = await findPort();
  const file = join(directory, `sentinel-${number}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER} 1000`,
    `sentinel failover-timeout ${MASTER} 5000`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const process = startProcess({ command: 'redis-server', args: [file, '--sentinel'] });
  await waitForService(process, { name: 'a sentinel', check: () => acceptsConnections(port) });
  return { port, process };
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
