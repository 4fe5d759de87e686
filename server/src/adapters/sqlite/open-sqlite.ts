import { getCompileCacheDir } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { makeDirectory } from './make-directory.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { Failure, WorkerOptions } from './sqlite-messages.ts';
import { UnusableDatabaseError } from './worker-link.ts';

export interface SqliteDeps {
  /** `DATA_DIR`; made if it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Starts the worker thread; tests take hold of it here. */
  readonly startWorker?: (options: WorkerOptions) => Worker;
}

const DATABASE_FILE = 'scriptorium.sqlite';

/**
 * Opens the embedded database and brings it to the newest schema. Throws `storage-unavailable` with a detail for people
 * when another process uses the directory, when it cannot be written, or when a newer program wrote the database.
 */
export async function openSqlite(deps: SqliteDeps): Promise<SqliteConnection> {
  const directory = resolve(deps.directory);
  const startWorker = deps.startWorker ?? startSqliteWorker;
  try {
    await makeDirectory(directory);
    const options = { file: join(directory, DATABASE_FILE) };
    return await SqliteConnection.open({ ...deps, startWorker: () => startWorker(options) });
  } catch (error) {
    throw new ScriptoriumError('storage-unavailable', describeStartFailure(directory, error), { cause: error });
  }
}

/** The worker's file: the source beside this one, or, in the built server, the bundle beside the main one. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.mjs', import.meta.url);
}

/** Starts the thread that owns the database; the file runs as it is, like all of the server. */
export function startSqliteWorker(options: WorkerOptions): Worker {
  // A thread does not inherit the compile cache; with it the worker needs no TypeScript parser (11 MB) of its own.
  const compileCache = getCompileCacheDir();
  return new Worker(workerFile(), {
    name: 'sqlite',
    workerData: options,
    execArgv: [],
    // By itself V8 takes up to 96 MB for what was just made, and keeps them.
    resourceLimits: { maxYoungGenerationSizeMb: 24 },
    env: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compileCache) },
  });
}

function describeStartFailure(directory: string, error: unknown): string {
  if (!(error instanceof UnusableDatabaseError)) {
    return `cannot write to ${directory}: ${error instanceof Error ? error.message : String(error)}`;
  }
  const { code, message }: Failure = error.failure;
  if (code === 'SQLITE_BUSY' || code.startsWith('SQLITE_BUSY_')) return `another process uses ${directory}`;
  if (code === 'SQLITE_NOTADB') return `${join(directory, DATABASE_FILE)} is not a database`;
  if (code === 'NEWER_DATABASE') return `a newer version of Scriptorium wrote ${directory} (${message})`;
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|IOERR|FULL)/.test(code)) return `cannot write to ${directory}: ${message}`;
  return `cannot open the database in ${directory}: ${message}`;
}
