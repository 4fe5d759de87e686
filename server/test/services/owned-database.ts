import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { newDatabase } from './shared-services.ts';

/** Makes a database of a role that passes by no policy, as an installation should have; its URL. */
export async function newOwnedDatabase(): Promise<string> {
  const url = new URL(await newDatabase());
  const role = `app_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(`create role ${role} login`);
    await client.query(`alter database ${url.pathname.slice(1)} owner to ${role}`);
  } finally {
    await client.end();
  }
  url.username = role;
  return url.href;
}
