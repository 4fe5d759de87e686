import { hash } from 'node:crypto';
import type { AppendEntry, AppendResult, DocumentId } from '../../ports/update-log.ts';
import { encodeBigintArray, encodeBytesArray, encodeTextArray } from './binary-arrays.ts';
import type { ConnectionLease, Row } from './connection-lease.ts';

/** Bytes of a payload's SHA-256 that its row keeps. */
const SUM_BYTES = 16;

/** The day of the server's clock, which alone decides in which partition a row lies. */
const TODAY = `(now() at time zone 'utc')::date`;

/**
 * The whole append. In this order:
 *  - `turn`: the attempt's ticket must be above every other that its writer has shown. One that was overtaken finds no
 *    row here, and then nothing below happens. Until the commit, no other attempt of this writer gets past this line.
 *  - `held`: heads are locked in the order of the documents. One that somebody else holds is left out, not waited for,
 *    so this never deadlocks. A head that was raised since the statement began is read anew under the lock.
 *  - `raised`, `stored`, `bound`: whatever is live, of the entry's epoch and behind the head that it names, if it does. Of a client's bindings the first one stays.
 *  - an outcome for each entry, in the order of the batch.
 */
const APPEND = `
  with turn as (
    update log_writers
    set ticket = $2,
      -- From which day on rows of the flush can be; two attempts may store a part of it each.
      flush_day = case when flush = $3 then least(flush_day, ${TODAY}) else ${TODAY} end,
      flush = $3
    where incarnation = $1 and ticket < $2
    returning id
  ),
  entries as materialized (
    select document_id, epoch, sum, payload, follows, place
    from unnest($5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $12::bigint[])
      with ordinality as t (document_id, epoch, sum, payload, follows, place)
  ),
  held as materialized (
    select h.document_id, h.epoch, h.head, h.live
    from document_heads h
    where h.document_id = any ($5::bigint[]) and exists (select from turn)
    order by h.document_id
    for no key update of h skip locked
  ),
  raised as (
    update document_heads d
    set head = d.head + 1, tail_bytes = d.tail_bytes + octet_length(e.payload), updated_at = $4
    from held h join entries e on e.document_id = h.document_id
    where d.document_id = h.document_id and h.live = 1 and h.epoch = e.epoch and e.payload is not null
      and e.follows in (-1, h.head)
    returning d.document_id, d.head, e.sum, e.payload
  ),
  stored as (
    insert into log_rows (document_id, seq, at, writer, flush, sum, payload, day)
    select r.document_id, r.head, $4, turn.id, $3, r.sum, r.payload, ${TODAY} from raised r cross join turn
  ),
  bound as (
    insert into client_bindings (document_id, client, user_id)
    select b.document_id, b.client, b.user_id
    from unnest($9::bigint[], $10::bigint[], $11::text[])
      with ordinality as b (document_id, client, user_id, place)
    join held h on h.document_id = b.document_id
    join entries e on e.document_id = b.document_id
    where h.live = 1 and h.epoch = e.epoch and e.follows in (-1, h.head)
    order by b.place
    on conflict do nothing
  )
  select
    case
      when h.document_id is null and exists (select from document_heads k where k.document_id = e.document_id)
        then 'busy'
      when h.live = 1 and h.epoch = e.epoch and e.follows not in (-1, h.head) then 'moved'
      when h.live = 1 and h.epoch = e.epoch then 'stored'
      when h.live = 1 then 'fenced'
      else 'deleted'
    end as kind,
    coalesce(r.head, h.head) as seq
  from entries e
  left join held h on h.document_id = e.document_id
  left join raised r on r.document_id = e.document_id
  where exists (select from turn)
  order by e.place`;

/** An entry with what is computed once, and with a payload of its own, since the caller may use its buffer again. */
export interface PreparedEntry {
  readonly documentId: number;
  readonly epoch: number;
  readonly payload: Uint8Array | null;
  readonly sum: Uint8Array | null;
  readonly bindings: AppendEntry['bindings'];
  /** -1: any head. */
  readonly follows: number;
}

export function prepareEntry({ documentId, epoch, payload, bindings, follows = -1 }: AppendEntry): PreparedEntry {
  // Not `slice`, which for a Buffer is a view.
  const copy = payload === null ? null : new Uint8Array(payload);
  const sum = copy === null ? null : hash('sha256', copy, 'buffer').subarray(0, SUM_BYTES);
  return { documentId, epoch, payload: copy, sum, bindings, follows };
}

/** What became of each document's entry. */
export type Outcomes = ReadonlyMap<DocumentId, AppendResult>;

/** Which attempt at which flush a statement belongs to. */
export interface Attempt {
  readonly incarnation: string;
  readonly ticket: number;
  readonly flush: number;
  readonly at: number;
}

/** Runs the append for entries of different documents; `null` when the attempt was overtaken, and nothing is stored. */
export async function appendEntries(
  lease: ConnectionLease,
  attempt: Attempt,
  entries: readonly PreparedEntry[],
): Promise<Outcomes | null> {
  const { rows } = await lease.query(APPEND, appendParameters(attempt, entries));
  if (rows.length === 0) return null;
  return new Map(entries.map(({ documentId }, place) => [documentId, toResult(rows[place] ?? {})]));
}

function appendParameters(attempt: Attempt, entries: readonly PreparedEntry[]): readonly unknown[] {
  const bindings = entries.flatMap(({ documentId, bindings }) =>
    bindings.map(({ client, user }) => ({ documentId, client, user })),
  );
  return [
    attempt.incarnation,
    attempt.ticket,
    attempt.flush,
    attempt.at,
    encodeBigintArray(entries.map(({ documentId }) => documentId)),
    encodeBigintArray(entries.map(({ epoch }) => epoch)),
    encodeBytesArray(entries.map(({ sum }) => sum)),
    encodeBytesArray(entries.map(({ payload }) => payload)),
    encodeBigintArray(bindings.map(({ documentId }) => documentId)),
    encodeBigintArray(bindings.map(({ client }) => client)),
    encodeTextArray(bindings.map(({ user }) => user)),
    encodeBigintArray(entries.map(({ follows }) => follows)),
  ];
}

function toResult({ kind, seq }: Row): AppendResult {
  switch (kind) {
    case 'stored':
      return { kind, seq: Number(seq) };
    case 'busy':
    case 'fenced':
    case 'deleted':
    case 'moved':
      return { kind };
    default:
      throw new TypeError(`the append answered ${String(kind)}`);
  }
}
