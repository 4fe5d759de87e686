import { auditLinkText, type AuditRow } from '@scriptorium/shared/audit-chain';

/** Something about a chain that is not as it was written. */
export interface AuditFinding {
  readonly chain: string;
  /** The row at which it shows; 0 when it is about the chain as a whole. */
  readonly seq: number;
  readonly problem: AuditProblem;
}

export type AuditProblem =
  /** The row, or the one before it, is not the one that was written. */
  | 'changed'
  /** Rows between the one before and this one are gone, or this one was put in. */
  | 'out-of-order'
  /** The chain ends before the row that it is said to end with, or with another one. */
  | 'cut-short'
  /** There are rows behind the last one. */
  | 'added'
  /** Rows are gone from the beginning, and no row says so. */
  | 'beginning-lost'
  /** The register knows of a chain that is not there. */
  | 'chain-lost'
  /** The register knows nothing of the chain. */
  | 'unregistered'
  /** An object is missing, or its bytes are not those that were written. */
  | 'object-damaged'
  /** What was noted elsewhere about the chain is not in it. */
  | 'rewritten';

/** SHA-256 of a text, hex. Core does no cryptography of its own, so it is handed in. */
export type HashText = (text: string) => string;

/** Where a check has come to. */
export interface ChainPosition {
  readonly seq: number;
  readonly hash: string;
}

/** Holds rows that follow a position against it, one by one; where they end, and what was found. */
export function checkRows(
  start: ChainPosition,
  rows: readonly AuditRow[],
  hash: HashText,
): { readonly end: ChainPosition; readonly findings: readonly AuditFinding[] } {
  const findings: AuditFinding[] = [];
  let end = start;
  for (const row of rows) {
    const { chain, seq } = row;
    if (seq !== end.seq + 1) findings.push({ chain, seq, problem: 'out-of-order' });
    else if (hash(auditLinkText(end.hash, row)) !== row.hash) findings.push({ chain, seq, problem: 'changed' });
    // From the row as it stands, so that one change is not told again at every row behind it.
    end = { seq, hash: row.hash };
  }
  return { end, findings };
}

/** Whether a row says that all before it lies in objects up to this position. */
export function tellsOfPrune(row: AuditRow, position: ChainPosition): boolean {
  if (row.action !== 'audit.prune') return false;
  return row.detail === JSON.stringify({ upTo: position.seq, hash: position.hash });
}
