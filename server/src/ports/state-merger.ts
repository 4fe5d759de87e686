/** What is to be merged: a state, and updates that follow it, in order. */
export interface MergeJob {
  readonly snapshot: Uint8Array | null;
  readonly updates: readonly Uint8Array[];
}

export type MergeOutcome =
  /** The merged state, loaded back once and found to be the same. */
  | { readonly kind: 'merged'; readonly state: Uint8Array; readonly sha256: string }
  /** These bytes can never be merged. */
  | { readonly kind: 'unmergeable'; readonly reason: string };

/**
 * Merges documents without holding up the event loop for long. Throws a retryable `ScriptoriumError` when the merge did
 * not come to an end; the same job may be given again.
 */
export interface StateMerger {
  merge(job: MergeJob): Promise<MergeOutcome>;
}
