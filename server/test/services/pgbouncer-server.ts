import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgresUser } from './postgres-server.ts';
import { acceptsConnections, findPort, startProcess, waitForService } from './process.ts';

/** A PgBouncer of the tests. */
export interface PgBouncerServer {
  readonly port: number;
  dispose(): Promise<void>;
}

const PROGRAM = '/usr/sbin/pgbouncer';

export function isPgBouncerInstalled(): boolean {
  return existsSync(PROGRAM);
}

/**
 * Starts a pooler in transaction mode before the PostgreSQL at the port, with fewer connections to it than tests have to
 * the pooler, so that a client's next transaction is often on another one.
 */
export async function startPgBouncer(postgresPort: number, serverConnections = 3): Promise<PgBouncerServer> {
  const directory = mkdtempSync(join(tmpdir(), 'scriptorium-pgbouncer-'));
  const user = findPostgresUser();
  const port = await findPort();
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${postgresPort} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${serverConnections}
max_client_conn = 300
`,
  );
  if (user !== null) for (const path of [directory, file]) chownSync(path, user.uid, user.gid);
  const server = startProcess({ command: PROGRAM, args: [file], user });
  await waitForService(server, { name: 'PgBouncer', check: () => acceptsConnections(port) });
  return {
    port,
    async dispose() {
      await server.stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
