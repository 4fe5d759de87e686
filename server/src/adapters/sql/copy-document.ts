import { type Kysely, sql, type Transaction } from 'kysely';
import { ScriptoriumError } from '../../core/errors.ts';
import type { SnapshotStore } from '../../ports/snapshot-store.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { copyVersions } from './copy-versions.ts';
import { OBJECT_STATE, type Schema } from './schema.ts';

/** One end of a copy: a database and the store of its objects. */
export interface CopyEnd {
  readonly database: Kysely<Schema>;
  readonly objects: SnapshotStore;
}

export interface CopyPlan {
  readonly from: CopyEnd;
  readonly to: CopyEnd;
  /** Name of the source, by which a copy that was interrupted knows what it has done. */
  readonly source: string;
  /** Largest object that is put into the target's database itself. */
  readonly inlineBytes: number;
}

const PAGE = 500;

/** Prepares the target to remember what was copied. */
export async function prepareMarks(to: CopyEnd): Promise<void> {
  await sql`
    create table if not exists copy_marks (
      source text not null, source_id bigint not null, document_id bigint not null, primary key (source, source_id)
    )`.execute(to.database);
}

/** The target's id of a document that was copied before; `null` when it was not. */
export async function readMark({ to, source }: CopyPlan, documentId: DocumentId): Promise<DocumentId | null> {
  const { rows } = await sql<{ document_id: number }>`
    select document_id from copy_marks where source = ${source} and source_id = ${documentId}`.execute(to.database);
  return rows[0]?.document_id ?? null;
}

/** Names of the source that lead somewhere in the target already, and were not brought there by this copy. */
export async function findTakenNames({ from, to, source }: CopyPlan): Promise<readonly string[]> {
  const taken: string[] = [];
  const names = await from.database
    .selectFrom('document_names')
    .select(['tenant', 'name', 'document_id'])
    .where('state', '<>', 'unused')
    .execute();
  for (let at = 0; at < names.length; at += PAGE) {
    const page = names.slice(at, at + PAGE);
    const { rows } = await sql<{ tenant: string; name: string }>`
      select n.tenant, n.name from document_names n
      where n.name in (${sql.join(page.map(({ name }) => name))}) and n.state <> 'unused'
        and not exists (select 1 from copy_marks m where m.source = ${source} and m.document_id = n.document_id)`.execute(
      to.database,
    );
    const found = new Set(rows.map((row) => `${row.tenant}/${row.name}`));
    taken.push(...page.map((it) => `${it.tenant}/${it.name}`).filter((it) => found.has(it)));
  }
  return taken;
}

/**
 * Copies one document with all of its past, in one transaction of the target: its row, names, head, log, bindings,
 * snapshots, segments and damaged rows. Epoch and sequence numbers stay what they are, so entity tags and cursors do too.
 */
export async function copyDocument(plan: CopyPlan, documentId: DocumentId): Promise<DocumentId> {
  const { from, to, source } = plan;
  const { id: _, ...document } = await from.database
    .selectFrom('documents')
    .selectAll()
    .where('id', '=', documentId)
    .executeTakeFirstOrThrow();
  const snapshots = await readObjects(plan, 'snapshots', documentId);
  const segments = await readObjects(plan, 'history_segments', documentId);
  return to.database.transaction().execute(async (transaction) => {
    const { id } = await transaction.insertInto('documents').values(document).returning('id').executeTakeFirstOrThrow();
    for (const table of ['document_heads', 'document_names', 'client_bindings', 'quarantined_rows'] as const) {
      await copyRows(plan, transaction, { table, documentId, id });
    }
    await copyVersions(from.database, transaction, { documentId, id });
    await copyLog(plan, transaction, { documentId, id });
    await insertObjects(transaction, 'snapshots', { id, rows: snapshots });
    await insertObjects(transaction, 'history_segments', { id, rows: segments });
    await sql`insert into copy_marks (source, source_id, document_id) values (${source}, ${documentId}, ${id})`.execute(
      transaction,
    );
    return id;
  });
}

type PlainTable = 'document_heads' | 'document_names' | 'client_bindings' | 'quarantined_rows';

async function copyRows(
  { from }: CopyPlan,
  transaction: Transaction<Schema>,
  what: { readonly table: PlainTable; readonly documentId: DocumentId; readonly id: DocumentId },
): Promise<void> {
  const rows = await from.database
    .selectFrom(what.table)
    .selectAll()
    .where('document_id', '=', what.documentId)
    .execute();
  for (const row of rows) {
    // An id of the row's own is given anew.
    const values = Object.fromEntries(Object.entries(row).filter(([column]) => column !== 'id'));
    await transaction
      .insertInto(what.table)
      // The same columns on both sides, whichever table it is.
      .values({ ...values, document_id: what.id })
      .execute();
  }
}

async function copyLog(
  { from, source }: CopyPlan,
  transaction: Transaction<Schema>,
  { documentId, id }: { readonly documentId: DocumentId; readonly id: DocumentId },
): Promise<void> {
  const writer = await findWriter(transaction, `copied from ${source}`);
  for (let after = 0; ;) {
    const rows = await from.database
      .selectFrom('log_rows')
      .select(['seq', 'at', 'sum', 'payload'])
      .where('document_id', '=', documentId)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(PAGE)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    await transaction
      .insertInto('log_rows')
      .values(rows.map((row) => ({ ...row, document_id: id, writer, flush: row.seq })))
      .execute();
    after = last.seq;
  }
}

async function findWriter(transaction: Transaction<Schema>, incarnation: string): Promise<number> {
  await transaction
    .insertInto('log_writers')
    .values({ incarnation })
    .onConflict((conflict) => conflict.column('incarnation').doNothing())
    .execute();
  const { id } = await transaction
    .selectFrom('log_writers')
    .select('id')
    .where('incarnation', '=', incarnation)
    .executeTakeFirstOrThrow();
  return id;
}

type ObjectTable = 'snapshots' | 'history_segments';

interface ObjectRow {
  readonly key: string | null;
  readonly content: Uint8Array | null;
}

/** A document's snapshots or segments, their bytes brought to where the target keeps them. */
async function readObjects(
  { from, to, inlineBytes }: CopyPlan,
  table: ObjectTable,
  documentId: DocumentId,
): Promise<readonly ObjectRow[]> {
  const rows = await from.database.selectFrom(table).selectAll().where('document_id', '=', documentId).execute();
  const moved: ObjectRow[] = [];
  for (const row of rows) {
    if (row.key === null) {
      moved.push(row);
      continue;
    }
    const content = await from.objects.get(row.key);
    if (content === null) throw new ScriptoriumError('storage-unavailable', `the object ${row.key} is missing`);
    if (content.byteLength <= inlineBytes) {
      moved.push({ ...row, key: null, content });
    } else {
      await to.objects.put(row.key, content);
      moved.push(row);
    }
  }
  return moved;
}

async function insertObjects(
  transaction: Transaction<Schema>,
  table: ObjectTable,
  { id, rows }: { readonly id: DocumentId; readonly rows: readonly ObjectRow[] },
): Promise<void> {
  for (const row of rows) {
    await transaction
      .insertInto(table)
      .values({ ...row, document_id: id } as never)
      .execute();
    if (row.key === null) continue;
    await transaction
      .insertInto('object_register')
      .values({ key: row.key, document_id: id, expires_at: 0, state: OBJECT_STATE.named })
      .execute();
  }
}
