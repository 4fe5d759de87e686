import { hash } from 'node:crypto';
import { ScriptoriumError } from '../../core/errors.ts';
import type { ConnectionLease } from './connection-lease.ts';
import type { Migration } from './migration.ts';
import { documentsAndLog } from './migrations/0001-documents-and-log.ts';
import { snapshotsAndHistory } from './migrations/0002-snapshots-and-history.ts';
import { grantsAndKeys } from './migrations/0003-grants-and-keys.ts';
import { auditLog } from './migrations/0005-audit-log.ts';
import { versionsAndPublications } from './migrations/0007-versions-and-publications.ts';
import { outboxAndWebhooks } from './migrations/0008-outbox-and-webhooks.ts';
import { searchProjection } from './migrations/0009-search-projection.ts';
import { moreTenantWalls } from './migrations/0010-more-tenant-walls.ts';
import { writesByPrograms } from './migrations/0011-writes-by-programs.ts';
import { erasedPeople } from './migrations/0012-erased-people.ts';

const MIGRATIONS: readonly Migration[] = [
  documentsAndLog,
  snapshotsAndHistory,
  grantsAndKeys,
  auditLog,
  versionsAndPublications,
  outboxAndWebhooks,
  searchProjection,
  moreTenantWalls,
  writesByPrograms,
  erasedPeople,
];

const OLDEST_SERVER = 15;
/** Names the lock that one migration at a time holds; any number that nobody else uses in this database. */
const MIGRATION_LOCK = 7_265_001;
/** Milliseconds that another node may take over a step, which this one waits for. */
const STEP_DEADLINE = 600_000;
/** Milliseconds that a step waits for a table; appends queue up behind it meanwhile, so it is short. */
const TABLE_LOCK_TIMEOUT = 1_000;

export interface MigrateOptions {
  /** `check` changes nothing, and throws when there is something to do. */
  readonly mode: 'auto' | 'check';
  readonly migrations?: readonly Migration[];
}

/** A step as the database remembers it. */
interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly compatibleWith: number;
}

/**
 * Brings the database to the newest schema, each step in a transaction of its own and by one node at a time; the names of
 * the steps that this call took. Throws `storage-unavailable` with a detail for people when the database is none that
 * this program can work with.
 */
export async function migrate(lease: ConnectionLease, options: MigrateOptions): Promise<readonly string[]> {
  const migrations = options.migrations ?? MIGRATIONS;
  await checkServer(lease);
  const applied = await readApplied(lease);
  checkApplied(applied, migrations);
  const due = migrations.filter(({ version }) => !applied.some((step) => step.version === version));
  if (due.length > 0 && options.mode === 'check') {
    const names = due.map(describe).join(', ');
    throw unusable(`the schema of the database is behind, ${names} is due: run \`scriptorium migrate\``);
  }
  const taken: string[] = [];
  for (const migration of due) if (await takeStep(lease, migration)) taken.push(describe(migration));
  return taken;
}

async function checkServer(lease: ConnectionLease): Promise<void> {
  const { rows } = await lease.query(`select current_setting('server_version_num')::int / 10000 as version`);
  const version = Number(rows[0]?.['version']);
  if (version < OLDEST_SERVER) {
    throw unusable(`the database is PostgreSQL ${version}; ${OLDEST_SERVER} or newer is needed`);
  }
}

async function readApplied(lease: ConnectionLease): Promise<readonly AppliedMigration[]> {
  const { rows: there } = await lease.query(`select to_regclass('schema_migrations') is not null as there`);
  if (there[0]?.['there'] !== true) return [];
  const { rows } = await lease.query(
    'select version, name, checksum, compatible_with from schema_migrations order by version',
  );
  return rows.map((row) => ({
    version: Number(row['version']),
    name: String(row['name']),
    checksum: String(row['checksum']),
    compatibleWith: Number(row['compatible_with']),
  }));
}

/** A newer schema is fine as long as each of its further steps says that programs like this one may go on. */
function checkApplied(applied: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.version ?? 0;
  for (const step of applied) {
    const known = migrations.find(({ version }) => version === step.version);
    if (known !== undefined && checksumOf(known) !== step.checksum) {
      throw unusable(`step ${describe(step)} of the database is not the one that this program knows`);
    }
    if (known === undefined && step.compatibleWith > newest) {
      throw unusable(
        `a newer version of Scriptorium wrote the database (${describe(step)} asks for schema ` +
          `${step.compatibleWith}, this program knows ${newest} at most)`,
      );
    }
  }
}

/** False when another node was faster. */
function takeStep(lease: ConnectionLease, migration: Migration): Promise<boolean> {
  const run = (sql: string, values: readonly unknown[] = []) => lease.query(sql, values, STEP_DEADLINE);
  return lease.transact(async () => {
    await run(`set local statement_timeout = 0; set local lock_timeout = ${STEP_DEADLINE}`);
    await run('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await run(`set local lock_timeout = ${TABLE_LOCK_TIMEOUT}`);
    await run(`
      create table if not exists schema_migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        compatible_with integer not null,
        applied_at timestamptz not null default now()
      )`);
    const { rows } = await run('select from schema_migrations where version = $1', [migration.version]);
    if (rows.length > 0) return false;
    await run(migration.sql);
    const { version, name, compatibleWith } = migration;
    await run('insert into schema_migrations (version, name, checksum, compatible_with) values ($1, $2, $3, $4)', [
      version,
      name,
      checksumOf(migration),
      compatibleWith,
    ]);
    return true;
  });
}

function checksumOf(migration: Migration): string {
  return hash('sha256', migration.sql, 'hex');
}

function describe({ version, name }: { readonly version: number; readonly name: string }): string {
  return `${String(version).padStart(4, '0')}-${name}`;
}

function unusable(detail: string): ScriptoriumError {
  return new ScriptoriumError('storage-unavailable', detail);
}
