import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPort, runCommand, type ServiceProcess, startProcess, waitForService } from './process.ts';

/** A PostgreSQL of the tests, whose port and files outlive its runs. */
export interface PostgresServer {
  readonly port: number;
  /** `postgres://postgres@127.0.0.1:PORT/NAME` */
  urlOf(database: string): string;
  /** The present run. */
  process(): ServiceProcess;
  createDatabase(name: string): Promise<void>;
  start(): Promise<void>;
  /** SIGQUIT (the default) is what `pg_ctl stop -m immediate` sends: no checkpoint, recovery at the next start. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Stops all its processes where they are, until `thaw`; those of present connections too. */
  freeze(): void;
  thaw(): void;
  /** Makes a hot standby of it, by streaming. */
  startReplica(): Promise<PostgresServer>;
  dispose(): Promise<void>;
}

const VERSIONS = '/usr/lib/postgresql';

/** The folder of the newest installed PostgreSQL's programs; `null` without one. */
export function findPostgresPrograms(): string | null {
  if (!existsSync(VERSIONS)) return null;
  const [newest] = readdirSync(VERSIONS)
    .filter((version) => existsSync(join(VERSIONS, version, 'bin', 'postgres')))
    .toSorted((one, other) => Number(other) - Number(one));
  return newest === undefined ? null : join(VERSIONS, newest, 'bin');
}

/** Starts a PostgreSQL with fsync on, as it comes otherwise. `options` are settings, as in `-c`. */
export function startPostgres(options: readonly string[] = []): Promise<PostgresServer> {
  const args = ['--no-sync', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8'];
  return startCluster({ options, fill: { program: 'initdb', args } });
}

interface ClusterPlan {
  readonly options: readonly string[];
  /** What makes the files of the cluster. */
  readonly fill: { readonly program: 'initdb' | 'pg_basebackup'; readonly args: readonly string[] };
}

async function startCluster({ options, fill }: ClusterPlan): Promise<PostgresServer> {
  const programs = findPostgresPrograms();
  if (programs === null) throw new Error('PostgreSQL is missing');
  const user = findPostgresUser();
  const directory = mkdtempSync(join(tmpdir(), 'scriptorium-postgres-'));
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const cluster = join(directory, 'cluster');
  await runCommand({ command: join(programs, fill.program), args: ['-D', cluster, ...fill.args], user });
  const port = await findPort();
  const settings = ['max_connections=300', 'listen_addresses=127.0.0.1', ...options].flatMap((it) => ['-c', it]);
  let current: ServiceProcess | null = null;
  const psql = (sql: string): Promise<string> =>
    runCommand({
      command: join(programs, 'psql'),
      args: ['-h', directory, '-p', String(port), '-U', 'postgres', '-d', 'postgres', '-qAtc', sql],
    });
  const start = async (): Promise<void> => {
    const args = ['-D', cluster, '-k', directory, '-p', String(port), ...settings];
    current = startProcess({ command: join(programs, 'postgres'), args, user });
    await waitForService(current, { name: 'PostgreSQL', check: () => succeeds(psql('select 1')) });
  };
  const stop = async (signal: NodeJS.Signals = 'SIGQUIT'): Promise<void> => {
    await current?.stop(signal);
    current = null;
  };
  const running = (): ServiceProcess => {
    if (current === null) throw new Error('PostgreSQL is not running');
    return current;
  };
  await start();
  return {
    port,
    urlOf: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    process: running,
    async createDatabase(name) {
      await psql(`create database "${name}"`);
    },
    start,
    stop,
    freeze: () => signalTree(running(), 'SIGSTOP'),
    thaw: () => signalTree(running(), 'SIGCONT'),
    startReplica() {
      const args = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-R', '-X', 'stream', '-c', 'fast'];
      return startCluster({ options, fill: { program: 'pg_basebackup', args } });
    },
    async dispose() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Each connection has a process of its own, which a signal to their parent does not reach. */
function signalTree(parent: ServiceProcess, signal: NodeJS.Signals): void {
  parent.signal(signal);
  const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim().split(' ');
  for (const child of children.filter(Boolean)) {
    try {
      process.kill(Number(child), signal);
    } catch {
      // It ended by itself in between.
    }
  }
}

function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  );
}

/** PostgreSQL and its pooler refuse root, so root runs them as the user that the package made. */
export function findPostgresUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
