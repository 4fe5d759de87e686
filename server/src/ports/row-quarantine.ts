import type { DocumentId } from './update-log.ts';

/** Why a row cannot be used. */
export type RowDamage = 'missing' | 'checksum' | 'undecodable' | 'unmergeable';

/** A row that is to be set aside, and what stands in its place from then on. */
export interface RowRepair {
  readonly seq: number;
  readonly damage: RowDamage;
  /** Encoded row (`core/log-row.ts`) with what of it could be kept. */
  readonly replacement: Uint8Array;
}

/** A row that was set aside, as it was. */
export interface QuarantinedRow {
  readonly seq: number;
  readonly at: number;
  readonly damage: RowDamage;
  /** `null` where there was none. */
  readonly payload: Uint8Array | null;
  readonly sum: Uint8Array | null;
  readonly setAsideAt: number;
}

/**
 * Damaged rows, kept apart from the log. Throws `ScriptoriumError('storage-unavailable')` when the engine does not
 * answer.
 */
export interface RowQuarantine {
  /**
   * In one step: keeps the rows as they are, puts the replacements in their place and raises the epoch, which ends
   * every room that was loaded before. The new epoch, or `null`, with nothing done, when the document is not live at
   * the expected one.
   */
  setAside(
    documentId: DocumentId,
    repair: { readonly epoch: number; readonly at: number; readonly rows: readonly RowRepair[] },
  ): Promise<number | null>;
  /** Rows that were set aside, in order of `seq`. */
  list(documentId: DocumentId): Promise<readonly QuarantinedRow[]>;
}
