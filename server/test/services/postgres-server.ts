import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
export async function startPostgres(options: readonly string[] = []): Promise<PostgresServer> {
  const programs = findPostgresPrograms();
  if (programs === null) throw new Error('PostgreSQL is missing');
  const user = findUser();
  const directory = mkdtempSync(join(tmpdir(), 'scriptorium-postgres-'));
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const cluster = join(directory, 'cluster');
  await runCommand({
    command: join(programs, 'initdb'),
    args: ['-D', cluster, '--no-sync', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8'],
    user,
  });
  const port = await findPort();
  const settings = ['max_connections=300', 'listen_addresses=127.0.0.1', ...options].flatMap((it) => ['-c', it]);
  let current: ServiceProcess | null = null;
  const psql = (sql: string): Promise<string> =>
    runCommand({
      command: join(programs, 'psql'),
      args: ['-h', directory, '-p', String(port), '-U', 'postgres', '-d', 'postgres', '-qAtc', sql],
    });
  const answers = (): Promise<boolean> =>
    psql('select 1').then(
      () => true,
      () => false,
    );
  const start = async (): Promise<void> => {
    const args = ['-D', cluster, '-k', directory, '-p', String(port), ...settings];
    current = startProcess({ command: join(programs, 'postgres'), args, user });
    await waitForService(current, { name: 'PostgreSQL', check: answers });
  };
  const stop = async (signal: NodeJS.Signals = 'SIGQUIT'): Promise<void> => {
    await current?.stop(signal);
    current = null;
  };
  await start();
  return {
    port,
    urlOf: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    process() {
      if (current === null) throw new Error('PostgreSQL is not running');
      return current;
    },
    async createDatabase(name) {
      await psql(`create database "${name}"`);
    },
    start,
    stop,
    async dispose() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses root, so root runs it as the user that the package made. */
function findUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
