import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { startObjectStore } from './object-store-server.ts';
import { isPgBouncerInstalled, startPgBouncer } from './pgbouncer-server.ts';
import { findPostgresPrograms, startPostgres } from './postgres-server.ts';
import { startRedis } from './redis-server.ts';

/** Where the shared services of a test run are; a missing one is `null`, and its suites are skipped. */
export interface SharedServices {
  readonly postgres: { readonly port: number } | null;
  /** PgBouncer in transaction mode, before that PostgreSQL. */
  readonly pooler: { readonly port: number } | null;
  readonly redis: { readonly url: string } | null;
  readonly objectStore: {
    readonly endpoint: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  } | null;
}

declare module 'vitest' {
  export interface ProvidedContext {
    services: SharedServices;
  }
}

const disposals: (() => Promise<void>)[] = [];

/** Starts one of each service for all test files of a run. */
export async function setup(project: TestProject): Promise<void> {
  const [postgres, redis, objectStore] = await Promise.all([
    ifInstalled('postgresql', findPostgresPrograms() !== null, startPostgres),
    ifInstalled('redis-server', existsSync('/usr/bin/redis-server'), startRedis),
    ifInstalled('radosgw', existsSync('/usr/bin/radosgw') && existsSync('/usr/bin/ceph-osd'), startObjectStore),
  ]);
  const { port: postgresPort } = postgres ?? {};
  const pooler =
    postgresPort === undefined
      ? null
      : await ifInstalled('pgbouncer', isPgBouncerInstalled(), () => startPgBouncer(postgresPort));
  project.provide('services', {
    postgres: postgres && { port: postgres.port },
    pooler: pooler && { port: pooler.port },
    redis: redis && { url: redis.url },
    objectStore: objectStore && {
      endpoint: objectStore.endpoint,
      accessKeyId: objectStore.accessKeyId,
      secretAccessKey: objectStore.secretAccessKey,
    },
  });
  for (const service of [pooler, postgres, redis, objectStore]) if (service !== null) disposals.push(service.dispose);
}

/** Ends what `setup` started. */
export async function teardown(): Promise<void> {
  await Promise.all(disposals.map((dispose) => dispose()));
}

async function ifInstalled<T>(debian: string, installed: boolean, start: () => Promise<T>): Promise<T | null> {
  if (installed) return start();
  if (process.env['CI'] === 'true') throw new Error(`${debian} is missing, and under CI=true nothing is skipped`);
  process.stdout.write(`\n*** SKIPPED: the suites that need ${debian} (apt-get install ${debian}) ***\n\n`);
  return null;
}
