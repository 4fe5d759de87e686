import { type Kysely, sql } from 'kysely';
import type { Schema } from '../../src/adapters/sql/schema.ts';

/** Every table in which a text of ASCII is, as text or within bytes, by name. */
export async function scanTables(database: Kysely<Schema>, text: string): Promise<readonly string[]> {
  const scan = (await isPostgres(database)) ? scanPostgres : scanSqlite;
  return scan(database, text);
}

async function isPostgres(database: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql<{ version: unknown }>`select 1 as version from pg_class limit 1`
    .execute(database)
    .catch(() => ({ rows: [] }));
  return rows.length > 0;
}

async function scanPostgres(database: Kysely<Schema>, text: string): Promise<readonly string[]> {
  const tables = await sql<{ name: string }>`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
    order by 1`.execute(database);
  // The text of a row shows bytes in hex.
  const hex = Buffer.from(text).toString('hex');
  const found: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from ${sql.raw(name)} t
      where strpos(t::text, ${text}) > 0 or strpos(t::text, ${hex}) > 0`.execute(database);
    if (Number(rows[0]?.count) > 0) found.push(name);
  }
  return found;
}

async function scanSqlite(database: Kysely<Schema>, text: string): Promise<readonly string[]> {
  const columns = await sql<{ table: string; column: string }>`
    select t.name as "table", c.name as "column" from sqlite_master t, pragma_table_info(t.name) c
    where t.type = 'table' order by 1, 2`.execute(database);
  const found = new Set<string>();
  for (const { table, column } of columns.rows) {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from ${sql.table(table)}
      where instr(cast(${sql.ref(column)} as blob), cast(${text} as blob)) > 0`.execute(database);
    if (Number(rows[0]?.count) > 0) found.add(table);
  }
  return [...found];
}
