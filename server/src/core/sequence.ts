/** What a room knows of its place in the document's log. */
export interface Position {
  readonly epoch: number;
  /** Every row up to this one is applied. */
  readonly seq: number;
}

/** What to do with a row that arrives from elsewhere. */
export type RelayPlan = 'apply' | 'duplicate' | 'read-gap' | 'reload';

/** Decides about one relayed row: another epoch means another incarnation, a number past the next one means rows were missed. */
export function planRelay(position: Position, row: Position): RelayPlan {
  if (row.epoch !== position.epoch) return row.epoch < position.epoch ? 'duplicate' : 'reload';
  if (row.seq <= position.seq) return 'duplicate';
  return row.seq === position.seq + 1 ? 'apply' : 'read-gap';
}

/** What to do when the room's place is compared with the log's head. */
export type HeadPlan = 'level' | 'read-gap' | 'reload';

/** A head below what was applied can only be another history of the document, so the room starts over. */
export function planHead(position: Position, head: Position): HeadPlan {
  if (head.epoch !== position.epoch || head.seq < position.seq) return 'reload';
  return head.seq === position.seq ? 'level' : 'read-gap';
}
