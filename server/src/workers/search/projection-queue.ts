import type { DocumentId } from '../../ports/update-log.ts';

interface Pending {
  /** Monotonic milliseconds of the first change that is not in the index. */
  readonly since: number;
  readonly rows: number;
  readonly notBefore: number;
}

/** A document whose turn it is. */
export interface DueDocument {
  readonly documentId: DocumentId;
  readonly since: number;
  readonly rows: number;
}

export interface QueueLimits {
  /** Documents that may wait; more are not noted, and have to be found by comparing. */
  readonly most: number;
  /** Milliseconds between two writes of one document. */
  readonly rest: number;
}

/**
 * Documents that wait for the index, each once however often it changes. One that was written rests before its next
 * turn; one that is being written while it changes again waits anew. All times are monotonic and come as arguments.
 */
export class ProjectionQueue {
  readonly #limits: QueueLimits;
  readonly #pending = new Map<DocumentId, Pending>();
  readonly #inWork = new Map<DocumentId, DueDocument>();
  readonly #rests = new Map<DocumentId, number>();

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Documents that wait or are worked on. */
  get depth(): number {
    return this.#pending.size + this.#inWork.size;
  }

  /** False when there is no room left. */
  note(documentId: DocumentId, rows: number, now: number): boolean {
    const known = this.#pending.get(documentId);
    if (known === undefined && this.#pending.size >= this.#limits.most) return false;
    const notBefore = known?.notBefore ?? Math.max(now, this.#rests.get(documentId) ?? now);
    this.#pending.set(documentId, { since: known?.since ?? now, rows: (known?.rows ?? 0) + rows, notBefore });
    return true;
  }

  /** Takes documents out for work, those that wait longest first. */
  take(now: number, limit: number): readonly DueDocument[] {
    const due: DueDocument[] = [];
    for (const [documentId, { since, rows, notBefore }] of this.#pending) {
      if (due.length >= limit) break;
      if (notBefore > now || this.#inWork.has(documentId)) continue;
      due.push({ documentId, since, rows });
    }
    for (const document of due) {
      this.#pending.delete(document.documentId);
      this.#inWork.set(document.documentId, document);
    }
    return due;
  }

  /** The work on a document is done; it rests now. */
  settle(documentId: DocumentId, now: number): void {
    this.#inWork.delete(documentId);
    // What is over is forgotten, or there would be as many as there are documents.
    for (const [other, until] of this.#rests) {
      if (until > now) break;
      this.#rests.delete(other);
    }
    this.#rests.delete(documentId);
    this.#rests.set(documentId, now + this.#limits.rest);
    const next = this.#pending.get(documentId);
    if (next !== undefined) {
      this.#pending.set(documentId, { ...next, notBefore: Math.max(next.notBefore, now + this.#limits.rest) });
    }
  }

  /** The work on a document was not done; it comes again at a time, and has waited since it first did. */
  putBack(documentId: DocumentId, notBefore: number): void {
    const document = this.#inWork.get(documentId);
    this.#inWork.delete(documentId);
    if (document === undefined) return;
    const rows = document.rows + (this.#pending.get(documentId)?.rows ?? 0);
    this.#pending.set(documentId, { since: document.since, rows, notBefore });
  }

  /** How far the index is behind: rows that it lacks, and milliseconds since the oldest of them. */
  lag(now: number): { readonly rows: number; readonly milliseconds: number } {
    let rows = 0;
    let since = now;
    for (const waiting of [this.#pending, this.#inWork]) {
      for (const document of waiting.values()) {
        rows += document.rows;
        since = Math.min(since, document.since);
      }
    }
    return { rows, milliseconds: now - since };
  }
}
