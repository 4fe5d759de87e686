/**
 * The drop gate (`core/drop-gate.ts`) in SQL, as a scalar: the highest row that may be dropped of the document whose row
 * of `document_heads` stands in scope under the name `heads`. For engines that drop many documents' rows at once.
 */
export function dropFloorSql(heads: string): string {
  return `(
    select min(bounds.seq) from (
      select ${heads}.snapshot_seq as seq
      union all
      select ${heads}.archived_seq
      union all
      select cursors.seq from consumer_cursors as cursors where cursors.document_id = ${heads}.document_id
      union all
      select 0 from log_consumers as consumers
      where consumers.follows_all = 1 and not exists (
        select 1 from consumer_cursors as own
        where own.document_id = ${heads}.document_id and own.consumer = consumers.name
      )
    ) as bounds
  )`;
}
