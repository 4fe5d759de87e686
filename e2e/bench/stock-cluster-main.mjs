/**
 * Entry of a child process: one node of stock Hocuspocus with extension-redis and extension-database on PostgreSQL, as
 * their manuals put them together. Arguments: port, address of Redis, address of the database.
 */
import { Database } from '@hocuspocus/extension-database';
import { Redis } from '@hocuspocus/extension-redis';
import { Server } from '@hocuspocus/server';
import pg from 'pg';

const [port = '', redisUrl = '', databaseUrl = ''] = process.argv.slice(2);
const redis = new URL(redisUrl);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
await pool.query('create table if not exists stock_documents (name text primary key, data bytea not null)');

const server = new Server({
  port: Number.parseInt(port, 10),
  address: '127.0.0.1',
  quiet: true,
  // Checks a token as any real set-up would, so that the handshake is the same.
  onAuthenticate: ({ token }) => (token.length === 0 ? Promise.reject(new Error('no token')) : Promise.resolve()),
  extensions: [
    new Redis({ host: redis.hostname, port: Number(redis.port) }),
    new Database({
      async fetch({ documentName }) {
        /** @type {import('pg').QueryResult<{ data: Buffer }>} */
        const found = await pool.query('select data from stock_documents where name = $1', [documentName]);
        return found.rows[0]?.data ?? null;
      },
      async store({ documentName, state }) {
        await pool.query(
          'insert into stock_documents (name, data) values ($1, $2) on conflict (name) do update set data = $2',
          [documentName, state],
        );
      },
    }),
  ],
});
await server.listen();
