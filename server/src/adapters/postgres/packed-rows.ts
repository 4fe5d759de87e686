import { type Expression, type Kysely, type RawBuilder, sql } from 'kysely';
import type { DocumentId, LoadStart, LogRow } from '../../ports/update-log.ts';
import { headWithSnapshot, toLoadStart } from '../sql/load-start.ts';
import { createLogQueries } from '../sql/log-queries.ts';
import type { Schema } from '../sql/schema.ts';

/**
 * Many rows in one value. To take ten thousand rows of four columns out of as many messages costs this process more
 * than all else that a load does, so the server puts them together. Each row is
 * `seq int8 | at int8 | bytes of sum int4 | bytes of payload int4 | sum | payload`, in the server's binary form.
 */
const FRAME_BYTES = 24;

/** So few rows are read one by one. */
const FEW = 32;
/** Bytes of payload that the server puts together at most, in its memory. */
const PACKED_BYTES = 8 * 1024 * 1024;
/** Rows of the tail that come with the head. */
const FIRST_ROWS = 1_000;

/** `UpdateLog.readRows` in one message, as far as the rows are not very large. */
export async function readPackedRows(
  database: Kysely<Schema>,
  documentId: DocumentId,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly LogRow[]> {
  const plain = createLogQueries({ database });
  if (limit < FEW) return plain.readRows(documentId, after, limit);
  const page = pageOf(database, documentId, { after: sql.val(after), limit });
  const beyond = database
    .selectFrom('log_rows')
    .select(({ fn }) => fn.min('seq').as('seq'))
    .where('document_id', '=', documentId)
    .where('seq', '>', after + limit);
  const { found, packed, next } = await database
    .selectFrom(page.as('page'))
    .select([sql<number>`count(*)`.as('found'), packRows().as('packed'), beyond.as('next')])
    .executeTakeFirstOrThrow();
  const rows = packed === null ? [] : unpackRows(packed);
  const isWhole = rows.length === found && (next === null || found === limit);
  if (isWhole) return rows;
  const rest = await plain.readRows(documentId, rows.at(-1)?.seq ?? after, limit - rows.length);
  return [...rows, ...rest];
}

/** `UpdateLog.readLoadStart`. */
export async function readPackedStart(database: Kysely<Schema>, documentId: DocumentId): Promise<LoadStart | null> {
  const snapshotSeq = database
    .selectFrom('document_heads')
    .select('snapshot_seq')
    .where('document_id', '=', documentId);
  const page = pageOf(database, documentId, { after: sql<number>`${snapshotSeq}`, limit: FIRST_ROWS });
  const packed = database.selectFrom(page.as('page')).select(packRows().as('packed'));
  const head = await headWithSnapshot(database, documentId).select(packed.as('packed')).executeTakeFirst();
  if (head === undefined) return null;
  return toLoadStart(head, head.packed === null ? [] : unpackRows(head.packed));
}

/**
 * Rows `after + 1` to `after + limit`, each with the bytes of payload up to its end. Rows have no holes but where some
 * were dropped, and without the upper bound the server sorts a whole tail for each of its pages.
 */
function pageOf(
  database: Kysely<Schema>,
  documentId: DocumentId,
  { after, limit }: { readonly after: Expression<number>; readonly limit: number },
) {
  return database
    .selectFrom('log_rows')
    .select(['seq', 'at', 'payload', 'sum', sql<number>`sum(length(payload)) over (order by seq)`.as('bytes')])
    .where('document_id', '=', documentId)
    .where('seq', '>', after)
    .where('seq', '<=', sql<number>`cast(${after} as bigint) + cast(${limit} as bigint)`);
}

function packRows(): RawBuilder<Uint8Array | null> {
  const frame = sql`int8send(seq) || int8send(at) || int4send(length(sum)) || int4send(length(payload)) || sum || payload`;
  return sql<Uint8Array | null>`string_agg(${frame}, '' order by seq) filter (where bytes <= ${PACKED_BYTES})`;
}

/** The byte strings share the memory of the value. To give each its own would take a collector longer than all else. */
function unpackRows(packed: Uint8Array): LogRow[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const rows: LogRow[] = [];
  let offset = 0;
  while (offset < packed.byteLength) {
    const sumAt = offset + FRAME_BYTES;
    const payloadAt = sumAt + view.getInt32(offset + 16);
    const end = payloadAt + view.getInt32(offset + 20);
    rows.push({
      seq: readInteger(view, offset),
      at: readInteger(view, offset + 8),
      sum: packed.subarray(sumAt, payloadAt),
      payload: packed.subarray(payloadAt, end),
    });
    offset = end;
  }
  return rows;
}

/** Sequence numbers and milliseconds stay below 2^53. */
function readInteger(view: DataView, offset: number): number {
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}
