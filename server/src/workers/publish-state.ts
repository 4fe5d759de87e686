import type { SnapshotPointer } from '../ports/snapshot-pointer.ts';
import type { SnapshotIndex } from '../ports/snapshot-index.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { discardObject, storeObject, type StoreDeps } from './store-object.ts';

export interface PublishDeps extends StoreDeps {
  readonly snapshotIndex: SnapshotIndex;
  /** Snapshots up to so many bytes are kept in the database. */
  readonly inlineSnapshotBytes: number;
}

/** A merged state, and where it belongs. */
export interface StateToPublish {
  readonly tenant: string;
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly seq: number;
  /** Where the pointer stands now. */
  readonly expectedSeq: number;
  readonly state: Uint8Array;
  /** SHA-256 of the state, hex. */
  readonly sha256: string;
}

/** Stores a state, inline or as an object, and moves the pointer to it; `null` when somebody else was faster. */
export async function publishState(deps: PublishDeps, what: StateToPublish): Promise<SnapshotPointer | null> {
  const { documentId, epoch, expectedSeq, seq, sha256, state, tenant } = what;
  const isInline = state.byteLength <= deps.inlineSnapshotBytes;
  const place = isInline
    ? ({ kind: 'inline', content: state } as const)
    : await storeObject(deps, { kind: 'snapshot', tenant, documentId, seq }, { bytes: state, sha256 });
  const snapshot = { seq, at: deps.clock.now(), sha256, bytes: state.byteLength, place };
  if (await deps.snapshotIndex.publish({ documentId, epoch, expectedSeq, snapshot })) return snapshot;
  await discardObject(deps, place);
  return null;
}
