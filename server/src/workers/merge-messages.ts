import type { MergeJob, MergeOutcome } from '../ports/state-merger.ts';

/** A job on its way to the merge thread: everything in one buffer that is handed over, since a clone per update costs more. */
export interface PackedJob {
  /** Bytes of the snapshot, -1 without one, and of each update. */
  readonly lengths: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the thread answers, one answer per job, in order. */
export type MergeAnswer = MergeOutcome | { readonly kind: 'failed'; readonly message: string };

/** Packs a job; its bytes are copied, so the caller keeps its own. */
export function packJob(job: MergeJob): PackedJob {
  const lengths = new Int32Array(1 + job.updates.length);
  lengths[0] = job.snapshot?.byteLength ?? -1;
  for (const [index, update] of job.updates.entries()) lengths[index + 1] = update.byteLength;
  const bytes = new Uint8Array(bytesOfJob(job));
  let at = 0;
  for (const part of job.snapshot === null ? job.updates : [job.snapshot, ...job.updates]) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return { lengths, bytes };
}

/** Reads a packed job back, as views. */
export function unpackJob({ lengths, bytes }: PackedJob): MergeJob {
  const snapshotBytes = lengths[0] ?? -1;
  let at = Math.max(0, snapshotBytes);
  const updates = Array.from(lengths.subarray(1), (length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
  return { snapshot: snapshotBytes < 0 ? null : bytes.subarray(0, snapshotBytes), updates };
}

/** Bytes of all that is to be merged. */
export function bytesOfJob(job: MergeJob): number {
  return job.updates.reduce((sum, update) => sum + update.byteLength, job.snapshot?.byteLength ?? 0);
}
