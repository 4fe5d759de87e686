import type { ConnectionLease } from './connection-lease.ts';
import { sqlStateOf } from './postgres-failures.ts';

/** Days that have a partition before they begin, today not counted. */
const DAYS_AHEAD = 7;
/** Names the lock that one node at a time holds while it changes partitions. */
const PARTITION_LOCK = 7_265_002;
/** Milliseconds that a change waits for a table. What comes after it has to queue meanwhile, appends included. */
const TABLE_LOCK_TIMEOUT = 200;
/** Milliseconds for a look over a whole partition. */
const SCAN_DEADLINE = 600_000;
/** Milliseconds for attaching one, which looks over the rows of the default: many only if none was made for days. */
const ATTACH_DEADLINE = 60_000;
/** Rows that are deleted from the default in one statement, and statements per round. */
const CLEARING = { rows: 5_000, rounds: 200 } as const;

/** SQLSTATE of a partition for which rows lie in the default one already. */
const ROWS_IN_DEFAULT = '23514';

/** Partitions never get an update or delete, so they are vacuumed for their inserts alone, and frozen at once. */
const PARTITION_SETTINGS = [
  'fillfactor = 100',
  'autovacuum_vacuum_insert_scale_factor = 0',
  'autovacuum_vacuum_insert_threshold = 2000000',
  'autovacuum_freeze_min_age = 0',
  'toast.autovacuum_freeze_min_age = 0',
].join(', ');

export interface DropOptions {
  /**
   * SQL for the highest seq of a document whose row, and those below, may go; null keeps all. It may name columns of
   * `document_heads`, whose row of the document it is asked for.
   */
  readonly floor: string;
  /** Whole days that are kept whatever the floor says. */
  readonly keepDays: number;
}

/** Makes the partitions of today and the days ahead; those that it made, and the days whose rows are in the default. */
export async function createPartitions(
  lease: ConnectionLease,
): Promise<{ readonly created: readonly string[]; readonly blocked: readonly string[] }> {
  const { rows } = await lease.query(
    `select to_char(d, 'YYYYMMDD') as suffix, d::date::text as day, (d + interval '1 day')::date::text as next
     from generate_series((now() at time zone 'utc')::date, (now() at time zone 'utc')::date + ${DAYS_AHEAD},
       interval '1 day') d
     where to_regclass('log_rows_' || to_char(d, 'YYYYMMDD')) is null`,
  );
  const created: string[] = [];
  const blocked: string[] = [];
  for (const row of rows) {
    const name = `log_rows_${String(row['suffix'])}`;
    try {
      if (await createPartition(lease, { name, day: String(row['day']), next: String(row['next']) }))
        created.push(name);
    } catch (error) {
      if (sqlStateOf(error) !== ROWS_IN_DEFAULT) throw error;
      blocked.push(name);
    }
  }
  return { created, blocked };
}

/** Attaching leaves appends alone and holds up reads for a moment; creating it in place would hold up both. */
function createPartition(
  lease: ConnectionLease,
  partition: { readonly name: string; readonly day: string; readonly next: string },
): Promise<boolean> {
  const { name, day, next } = partition;
  return lease.transact(async () => {
    await lease.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    const { rows } = await lease.query('select to_regclass($1) is null as missing', [name]);
    if (rows[0]?.['missing'] !== true) return false;
    await lease.query(
      `set local lock_timeout = ${TABLE_LOCK_TIMEOUT}; set local statement_timeout = ${ATTACH_DEADLINE};
       create table ${name} (like log_rows including defaults including constraints including storage)
         with (${PARTITION_SETTINGS});
       alter table log_rows attach partition ${name} for values from ('${day}') to ('${next}')`,
      [],
      ATTACH_DEADLINE,
    );
    return true;
  });
}

/** Drops the days of which no row is above its document's floor; their names. */
export async function dropPartitions(lease: ConnectionLease, options: DropOptions): Promise<readonly string[]> {
  // What an earlier round left would be in the way of a name.
  await dropDetached(lease);
  const { rows } = await lease.query(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'log_rows'::regclass and c.relname ~ '^log_rows_[0-9]{8}$'
       and c.relname < 'log_rows_' || to_char((now() at time zone 'utc')::date - $1::int, 'YYYYMMDD')
     order by c.relname`,
    [options.keepDays],
  );
  const dropped: string[] = [];
  for (const row of rows) {
    const name = String(row['name']);
    if (await detachPartition(lease, name, options)) dropped.push(name);
  }
  await clearDefault(lease, options);
  await dropDetached(lease);
  return dropped;
}

/**
 * Takes a day out of the log, if the gate lets it: from the look to the end nobody can add a row to it, and a floor never
 * goes back. Only then it gets the name under which it is dropped, by whoever comes by.
 */
function detachPartition(lease: ConnectionLease, name: string, { floor }: DropOptions): Promise<boolean> {
  return lease.transact(async () => {
    await lease.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    const { rows: there } = await lease.query('select to_regclass($1) is not null as there', [name]);
    if (there[0]?.['there'] !== true) return false;
    await lease.query(
      `set local lock_timeout = ${TABLE_LOCK_TIMEOUT}; set local statement_timeout = ${SCAN_DEADLINE};
       lock table ${name} in share mode`,
    );
    const { rows } = await lease.query(gateQuery(name, floor), [], SCAN_DEADLINE);
    if (rows[0]?.['needed'] !== false) return false;
    await lease.query(
      `alter table log_rows detach partition ${name};
       alter table ${name} rename to ${name.replace('log_rows', 'log_dropped')}`,
    );
    return true;
  });
}

/**
 * Whether the partition holds a row above its document's floor; one of a document without a head counts as such. It
 * hops from document to document in the key's index, since a day has many more rows than documents.
 */
function gateQuery(name: string, floor: string): string {
  return `
    with recursive found as (
      (select document_id from ${name} order by document_id limit 1)
      union all
      select (select r.document_id from ${name} r where r.document_id > f.document_id order by r.document_id limit 1)
      from found f where f.document_id is not null
    )
    select exists (
      select from found f
      left join document_heads on document_heads.document_id = f.document_id
      where f.document_id is not null and (
        document_heads.document_id is null
        or (select max(seq) from ${name} r where r.document_id = f.document_id) > coalesce((${floor}), 0)
      )
    ) as needed`;
}

/** Rows that came on a day without a partition lie among those of other days, and go one by one. */
async function clearDefault(lease: ConnectionLease, { floor, keepDays }: DropOptions): Promise<void> {
  for (let round = 0; round < CLEARING.rounds; round += 1) {
    const { rowCount } = await lease.query(
      `delete from log_rows_default where ctid = any (array(
         select r.ctid from log_rows_default r
         join document_heads on document_heads.document_id = r.document_id
         where r.day < (now() at time zone 'utc')::date - $1::int and r.seq <= (${floor})
         limit $2::int
       ))`,
      [keepDays, CLEARING.rows],
    );
    if ((rowCount ?? 0) < CLEARING.rows) return;
  }
}

async function dropDetached(lease: ConnectionLease): Promise<void> {
  const { rows } = await lease.query(
    `select relname as name from pg_class where relkind = 'r' and relname ~ '^log_dropped_[0-9]{8}$'
       and relnamespace = (select relnamespace from pg_class where oid = 'log_rows'::regclass)`,
  );
  for (const row of rows) await lease.query(`drop table if exists ${String(row['name'])}`, [], SCAN_DEADLINE);
}
