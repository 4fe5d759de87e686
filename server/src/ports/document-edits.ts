import type { DocumentRecord } from './document-catalog.ts';

/** A document that is to be edited, as it was just resolved. */
export interface EditTarget {
  readonly record: DocumentRecord;
  /** Encoded state vector of what was deleted under its name. */
  readonly tombstone: Uint8Array | null;
}

/** An edit by somebody who is not connected to the document. */
export interface ProgramEdit {
  /** Who it is by, as tokens name them. */
  readonly user: string;
  /** The edit as one Yjs V1 update, written under the clientID; `null` when there is nothing to change. */
  readonly compose: (base: { readonly state: Uint8Array; readonly clientId: number }) => Promise<Uint8Array | null>;
}

export interface EditOutcome {
  readonly epoch: number;
  /** A row at or below which the edit is in the log. */
  readonly seq: number;
  /** False when there was nothing to change. */
  readonly changed: boolean;
}

/**
 * Edits documents on behalf of their callers, through the same gate and log as any client. What others write meanwhile is
 * merged with the edit. Done when it is durable. Throws what the gate refuses, `document-quarantined`, `room-discarded`,
 * `overloaded` and `storage-unavailable`.
 */
export interface DocumentEdits {
  edit(target: EditTarget, edit: ProgramEdit): Promise<EditOutcome>;
}
