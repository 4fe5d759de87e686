import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findPostgresPrograms,
  findPostgresUser,
  type PostgresServer,
  startPostgres,
} from '../services/postgres-server.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openPostgresStore } from './postgres-store.ts';

/** Makes an authority, and a certificate of it that is for `localhost` and for no address. */
function makeCertificates(directory: string): void {
  const openssl = (command: string): void => {
    execFileSync('openssl', command.split(' '), { cwd: directory, stdio: 'pipe' });
  };
  for (const authority of ['authority', 'stranger']) {
    openssl(
      `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${authority} -keyout ${authority}.key -out ${authority}.crt`,
    );
  }
  openssl('req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr');
  writeFileSync(join(directory, 'names'), 'subjectAltName=DNS:localhost');
  openssl('x509 -req -in server.csr -CA authority.crt -CAkey authority.key -days 2 -extfile names -out server.crt');
}

describe.skipIf(findPostgresPrograms() === null)('[OPS35] TLS to PostgreSQL, as libpq means sslmode', () => {
  let directory: TemporaryDirectory;
  let server: PostgresServer;
  beforeAll(async () => {
    directory = createTemporaryDirectory('tls');
    makeCertificates(directory.path);
    const user = findPostgresUser();
    const files = ['server.key', 'server.crt'].map((name) => join(directory.path, name));
    chmodSync(directory.path, 0o755);
    for (const file of files) {
      if (user !== null) chownSync(file, user.uid, user.gid);
      chmodSync(file, 0o600);
    }
    server = await startPostgres(['ssl=on', `ssl_key_file=${files[0]}`, `ssl_cert_file=${files[1]}`]);
  });
  afterAll(async () => {
    await server.dispose();
    directory.remove();
  });

  /** Whether a connection of the address is encrypted; `null` when none came about. */
  async function connect(host: string, mode: string | null, authority: string | null): Promise<boolean | null> {
    const url = new URL(server.urlOf('postgres'));
    url.hostname = host;
    if (mode !== null) url.searchParams.set('sslmode', mode);
    const caFile = authority === null ? null : join(directory.path, `${authority}.crt`);
    const store = await openPostgresStore(url.href, { caFile, poolSize: 2 }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'storage-unavailable' });
      return null;
    });
    if (store === null) return null;
    const { rows } = await sql<{ readonly ssl: boolean }>`
      select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(store.database);
    await store.close();
    return rows[0]!.ssl;
  }

  it.each([
    // Without an authority of its own a node knows those of the system, which have not signed this one.
    { mode: null, host: 'localhost', authority: null, encrypted: false },
    { mode: 'disable', host: 'localhost', authority: null, encrypted: false },
    { mode: 'require', host: 'localhost', authority: null, encrypted: true },
    { mode: 'require', host: '127.0.0.1', authority: null, encrypted: true },
    { mode: 'require', host: '127.0.0.1', authority: 'authority', encrypted: true },
    { mode: 'require', host: 'localhost', authority: 'stranger', encrypted: null },
    { mode: 'verify-ca', host: '127.0.0.1', authority: 'authority', encrypted: true },
    { mode: 'verify-ca', host: 'localhost', authority: 'stranger', encrypted: null },
    { mode: 'verify-ca', host: 'localhost', authority: null, encrypted: null },
    { mode: 'verify-full', host: 'localhost', authority: 'authority', encrypted: true },
    { mode: 'verify-full', host: '127.0.0.1', authority: 'authority', encrypted: null },
    { mode: 'verify-full', host: 'localhost', authority: 'stranger', encrypted: null },
    { mode: null, host: 'localhost', authority: 'authority', encrypted: true },
    { mode: null, host: '127.0.0.1', authority: 'authority', encrypted: null },
    { mode: 'prefer', host: 'localhost', authority: null, encrypted: null },
    { mode: 'whatever', host: 'localhost', authority: null, encrypted: null },
  ] as const)(
    '[OPS35] sslmode $mode to $host with the certificates of $authority: encrypted $encrypted',
    async ({ mode, host, authority, encrypted }) => {
      expect(await connect(host, mode, authority)).toBe(encrypted);
    },
  );

  it('[OPS35] a server without TLS is refused rather than spoken to in the open', async () => {
    const plain = await startPostgres(['ssl=off']);
    await expect(openPostgresStore(`${plain.urlOf('postgres')}?sslmode=require`)).rejects.toThrow(
      'does not support SSL',
    );
    await plain.dispose();
  });
});
