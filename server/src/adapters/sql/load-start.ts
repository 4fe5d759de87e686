import { type Kysely, sql } from 'kysely';
import type { SnapshotPointer } from '../../ports/snapshot-pointer.ts';
import type { DocumentId, LoadStart, LogRow } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';
import { toPlace } from './stored-place.ts';

/** Rows of the tail that come with the head; few documents have more above their snapshot. */
const FIRST_ROWS = 500;

/** The head of a document with its newest snapshot, if it has one. */
export interface HeadRow {
  readonly epoch: number | null;
  readonly head: number | null;
  readonly archived_seq: number | null;
  readonly tail_bytes: number | null;
  readonly seq: number | null;
  readonly at: number | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly key: string | null;
  readonly content: Uint8Array | null;
}

/** A row of either half of the statement: the head, or a row of the tail. */
interface StartRow extends HeadRow {
  readonly sum: Uint8Array | null;
}

/** One statement, so that head, snapshot and rows belong together, and a small document takes one round trip. */
export async function readLoadStart(database: Kysely<Schema>, documentId: DocumentId): Promise<LoadStart | null> {
  const rows = await headWithSnapshot(database, documentId)
    .select(sql<Uint8Array | null>`null`.as('sum'))
    .unionAll(firstRows(database, documentId))
    .execute();
  const head = rows.find((row) => row.head !== null);
  const tail = rows.flatMap(toLogRow).toSorted((one, other) => one.seq - other.seq);
  return head === undefined ? null : toLoadStart(head, tail);
}

/** What a load starts from, of the head and the first rows above its snapshot. */
export function toLoadStart(head: HeadRow, rows: readonly LogRow[]): LoadStart | null {
  if (head.epoch === null || head.head === null) return null;
  return {
    epoch: head.epoch,
    head: head.head,
    archivedSeq: head.archived_seq ?? 0,
    tailBytes: head.tail_bytes ?? 0,
    snapshot: toPointer(head),
    rows,
  };
}

/** The head of a live document with its newest snapshot, in the columns of `HeadRow`. */
export function headWithSnapshot(database: Kysely<Schema>, documentId: DocumentId) {
  return database
    .selectFrom('document_heads as heads')
    .leftJoin('snapshots', (join) =>
      join.onRef('snapshots.document_id', '=', 'heads.document_id').onRef('snapshots.seq', '=', 'heads.snapshot_seq'),
    )
    .select([
      sql<number | null>`heads.epoch`.as('epoch'),
      sql<number | null>`heads.head`.as('head'),
      sql<number | null>`heads.archived_seq`.as('archived_seq'),
      sql<number | null>`heads.tail_bytes`.as('tail_bytes'),
      'snapshots.seq',
      'snapshots.at',
      'snapshots.bytes',
      'snapshots.sha256',
      'snapshots.key',
      'snapshots.content',
    ])
    .where('heads.document_id', '=', documentId)
    .where('heads.live', '=', 1);
}

/** The first rows above the snapshot. */
function firstRows(database: Kysely<Schema>, documentId: DocumentId) {
  const tail = database
    .selectFrom('log_rows')
    .select(['seq', 'at', 'payload', 'sum'])
    .where('document_id', '=', documentId)
    .where('seq', '>', (eb) =>
      eb.selectFrom('document_heads').select('snapshot_seq').where('document_id', '=', documentId),
    )
    .orderBy('seq')
    .limit(FIRST_ROWS);
  return database
    .selectFrom(tail.as('tail'))
    .select([
      sql<number | null>`null`.as('epoch'),
      sql<number | null>`null`.as('head'),
      sql<number | null>`null`.as('archived_seq'),
      sql<number | null>`null`.as('tail_bytes'),
      sql<number | null>`tail.seq`.as('seq'),
      sql<number | null>`tail.at`.as('at'),
      sql<number | null>`null`.as('bytes'),
      sql<string | null>`null`.as('sha256'),
      sql<string | null>`null`.as('key'),
      sql<Uint8Array | null>`tail.payload`.as('content'),
      sql<Uint8Array | null>`tail.sum`.as('sum'),
    ]);
}

function toPointer(row: HeadRow): SnapshotPointer | null {
  const { seq, at, bytes, sha256 } = row;
  const place = toPlace(row);
  if (seq === null || at === null || bytes === null || sha256 === null || place === null) return null;
  return { seq, at, bytes, sha256, place };
}

function toLogRow({ head, seq, at, content, sum }: StartRow): readonly LogRow[] {
  if (head !== null || seq === null || at === null || content === null || sum === null) return [];
  return [{ seq, at, payload: content, sum }];
}
