import type { AppendResult, DocumentId } from '../../ports/update-log.ts';
import { appendEntries, type Attempt, type Outcomes, type PreparedEntry } from './append-statement.ts';
import { encodeBigintArray } from './binary-arrays.ts';
import type { ConnectionLease, Row } from './connection-lease.ts';

/** Waits for an attempt that is still at work, and shuts the door behind it on all that come late. */
const TAKE_TURN = `
  update log_writers set ticket = $2 where incarnation = $1 and ticket < $2
  returning id, flush, case when flush = $3 then flush_day else '-infinity' end::text as since`;

/** Where earlier attempts put the rows of a flush: per document the writer's newest, as its flushes only rise. */
const FIND_ROWS = `
  select d.document_id, r.seq
  from unnest($4::bigint[]) as d (document_id)
  cross join lateral (
    select seq, flush from log_rows
    where document_id = d.document_id and writer = $1 and flush <= $2 and day >= $3::date
    order by seq desc limit 1
  ) r
  where r.flush = $2`;

/**
 * Another attempt at a flush of which nobody knows what is stored: first it takes its turn, then it looks up the rows of
 * the flush with a view of its own, then it appends what is missing, all in one transaction. `null` when it was overtaken.
 */
export function repeatAppend(
  lease: ConnectionLease,
  nextAttempt: () => Attempt,
  entries: readonly PreparedEntry[],
): Promise<Outcomes | null> {
  return lease.transact(async () => {
    const turn = nextAttempt();
    const { rows } = await lease.query(TAKE_TURN, [turn.incarnation, turn.ticket, turn.flush]);
    const [last] = rows;
    if (last === undefined) return null;
    const found = await findRows(lease, { turn, last, entries });
    const missing = entries.filter(({ documentId }) => !found.has(documentId));
    if (missing.length === 0) return found;
    const added = await appendEntries(lease, nextAttempt(), missing);
    return added === null ? null : new Map([...found, ...added]);
  });
}

async function findRows(
  lease: ConnectionLease,
  search: { readonly turn: Attempt; readonly last: Row; readonly entries: readonly PreparedEntry[] },
): Promise<Outcomes> {
  const { turn, last, entries } = search;
  const documentIds = entries.filter(({ payload }) => payload !== null).map(({ documentId }) => documentId);
  // Above the writer's last flush nothing was ever stored, so there is nothing to look for.
  if (Number(last['flush']) < turn.flush || documentIds.length === 0) return new Map();
  const values = [last['id'], turn.flush, last['since'], encodeBigintArray(documentIds)];
  const { rows } = await lease.query(FIND_ROWS, values);
  return new Map(
    rows.map((row): [DocumentId, AppendResult] => [
      Number(row['document_id']),
      { kind: 'stored', seq: Number(row['seq']) },
    ]),
  );
}
