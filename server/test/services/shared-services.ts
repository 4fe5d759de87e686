import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { findPostgresPrograms } from './postgres-server.ts';
import { runCommand } from './process.ts';

const services = inject('services');

/** Whether each shared service is there; for `describe.skipIf`. The run's start has said so loudly, and CI fails there. */
export const missing = {
  postgres: services.postgres === null,
  pooler: services.pooler === null,
  redis: services.redis === null,
  objectStore: services.objectStore === null,
} as const;

/** Makes a database of its own for a test file; its URL. */
export async function newDatabase(): Promise<string> {
  const programs = findPostgresPrograms();
  if (services.postgres === null || programs === null) throw new Error('PostgreSQL is missing');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const at = ['-h', '127.0.0.1', '-p', String(services.postgres.port), '-U', 'postgres'];
  await runCommand({ command: `${programs}/createdb`, args: [...at, name] });
  return `postgres://postgres@127.0.0.1:${services.postgres.port}/${name}`;
}

/** The address of a database on the shared PostgreSQL, through the pooler before it. */
export function throughPooler(url: string): string {
  if (services.pooler === null) throw new Error('PgBouncer is missing');
  const through = new URL(url);
  through.port = String(services.pooler.port);
  return through.href;
}

/** The shared Redis, and a prefix for the keys and channels of one test file. */
export function newRedisSpace(): { readonly url: string; readonly prefix: string } {
  if (services.redis === null) throw new Error('Redis is missing');
  return { url: services.redis.url, prefix: `test-${randomUUID()}` };
}

/** The shared object store, and the name of a bucket that does not exist yet. */
export function newBucketPlace() {
  if (services.objectStore === null) throw new Error('the object store is missing');
  return { ...services.objectStore, bucket: `test-${randomUUID()}` };
}
