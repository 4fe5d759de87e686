/**
 * How far the erasure of a person is. It goes in passes, each over the columns and then over all documents, until one
 * found nothing. Documents of their own go last, if they are to: until then it is not known whose they are.
 */
export interface ErasureProgress {
  /** 1, 2, 3 … */
  readonly pass: number;
  readonly stage: 'columns' | 'documents' | 'own-documents';
  /** Documents up to this id are done in this pass. */
  readonly after: number;
  /** What this pass found. */
  readonly found: number;
  /** What this pass could not put in order. */
  readonly failed: number;
  /** Wall-clock milliseconds before which the pass does not begin, and at which it began. */
  readonly notBefore: number;
  readonly beganAt: number;
}

/** Milliseconds in which every node has ended the sessions of whoever was erased. */
const SESSIONS_END = 2_000;
/** Milliseconds after which nothing is written any more that was under way: a request, an event about who left. */
const LAST_WRITES = 15_000;
/** Milliseconds before another pass, where this one failed in places. */
const AFTER_FAILURE = 60_000;

/** Where an erasure that was begun at a time begins. */
export function beginErasure(begunAt: number): ErasureProgress {
  return startPass(1, begunAt + SESSIONS_END);
}

/** What is to be done after the last document of a pass: another one, or nothing more of that kind. */
export function endPass(progress: ErasureProgress, begunAt: number, now: number): ErasureProgress | 'finished' {
  const { pass, found, failed, beganAt } = progress;
  if (failed > 0) return startPass(pass + 1, now + AFTER_FAILURE);
  if (found > 0) return startPass(pass + 1, now);
  // A pass that was clean, and began before the last write that was under way, may have missed that.
  const settled = begunAt + LAST_WRITES;
  return beganAt >= settled ? 'finished' : startPass(pass + 1, settled);
}

function startPass(pass: number, notBefore: number): ErasureProgress {
  return { pass, stage: 'columns', after: 0, found: 0, failed: 0, notBefore, beganAt: 0 };
}
