import type { Tenant } from '@scriptorium/shared/document-name';
import type { Kysely, Transaction } from 'kysely';
import type { AccessChangeLog, AccessChanges, ChangedSubject } from '../../ports/access-changes.ts';
import type { AccessChangesTable } from './access-schema.ts';
import type { Schema } from './schema.ts';

/** Changes that are kept at least: far more than a node can miss between two looks. */
const KEPT = 10_000;

/** The list of changes on any SQL engine that Kysely speaks to. */
export function createAccessChangeLog({ database }: { readonly database: Kysely<Schema> }): AccessChangeLog {
  return {
    readRevision: () => readAccessRevision(database),
    readChangesSince: (revision, limit) => readChangesSince(database, revision, limit),
  };
}

type SubjectColumns = Pick<AccessChangesTable, 'subject_kind' | 'subject_id'>;

function encodeSubject(subject: ChangedSubject): SubjectColumns {
  const id = subject.kind === 'person' ? `${subject.key} ${subject.digest}` : subject.id;
  return { subject_kind: subject.kind, subject_id: id };
}

function decodeSubject({ subject_kind: kind, subject_id: id }: SubjectColumns): ChangedSubject {
  if (kind !== 'person') return { kind, id };
  const [key = '', digest = ''] = id.split(' ');
  return { kind, key, digest };
}

/** The newest revision. */
export async function readAccessRevision(database: Kysely<Schema>): Promise<number> {
  const row = await database
    .selectFrom('access_state')
    .select('revision')
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
  return row.revision;
}

async function readChangesSince(database: Kysely<Schema>, since: number, limit: number): Promise<AccessChanges> {
  // The number before the rows: rows that are committed in between are more than is promised, never less.
  const newest = await readAccessRevision(database);
  if (newest === since) return { kind: 'changes', revision: since, changes: [] };
  const rows = await database
    .selectFrom('access_changes')
    .selectAll()
    .where('revision', '>', since)
    .orderBy('revision')
    .limit(limit)
    .execute();
  // A number that went back is a store from a backup.
  if (newest < since || rows[0]?.revision !== since + 1) return { kind: 'lost', revision: newest };
  return {
    kind: 'changes',
    revision: rows.at(-1)?.revision ?? newest,
    changes: rows.map((row) => ({
      revision: row.revision,
      // Parsed before it was stored.
      tenant: row.tenant as Tenant,
      subject: decodeSubject(row),
    })),
  };
}

/**
 * Numbers changes within the transaction that makes them, and returns the last number. The row with the number stays
 * locked to the end of the transaction, so numbers come in the order of commits; take it last, for a short wait.
 */
export async function recordAccessChanges(
  transaction: Transaction<Schema>,
  tenant: Tenant,
  subjects: readonly ChangedSubject[],
): Promise<number> {
  const { revision } = await transaction
    .updateTable('access_state')
    .set((eb) => ({ revision: eb('revision', '+', subjects.length) }))
    .where('id', '=', 1)
    .returning('revision')
    .executeTakeFirstOrThrow();
  const first = revision - subjects.length + 1;
  for (const [index, subject] of subjects.entries()) {
    await transaction
      .insertInto('access_changes')
      .values({ revision: first + index, tenant, ...encodeSubject(subject) })
      .execute();
  }
  await transaction
    .deleteFrom('access_changes')
    .where('revision', '<=', revision - KEPT)
    .execute();
  return revision;
}
