import type { DocumentId } from '../../ports/update-log.ts';

interface Pending {
  /** Monotonic milliseconds of the first change that is not in the index. */
  readonly since: number;
  readonly rows: number;
  /** When it may be taken at the soonest, as one of several. */
  readonly notBefore: number;
  /** When it is worth a turn of its own. */
  readonly due: number;
}

/** A document whose turn it is. */
export interface DueDocument {
  readonly documentId: DocumentId;
  readonly since: number;
  readonly rows: number;
}

/** A change, as it is noted. */
export interface Change {
  readonly documentId: DocumentId;
  readonly rows: number;
  /** Milliseconds in which changes of several documents are collected for one write. */
  readonly gather: number;
}

/**
 * Documents that wait for the index, each once however often it changes. One that was written rests before its next
 * turn; one that is being written while it changes again waits anew. It knows to the millisecond when the next turn is
 * (`nextDue`), so nobody has to look in between. All times are monotonic and come as arguments.
 */
export class ProjectionQueue {
  /** Documents that may wait; more are not noted, and have to be found by comparing. */
  readonly #most: number;
  readonly #pending = new Map<DocumentId, Pending>();
  readonly #inWork = new Map<DocumentId, DueDocument>();
  readonly #rests = new Map<DocumentId, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Documents that wait or are worked on. */
  get depth(): number {
    return this.#pending.size + this.#inWork.size;
  }

  /** When the document is worth a turn; `null` when there is no room left. */
  note({ documentId, rows, gather }: Change, now: number): number | null {
    const known = this.#pending.get(documentId);
    if (known !== undefined) {
      this.#pending.set(documentId, { ...known, rows: known.rows + rows });
      return known.due;
    }
    if (this.#pending.size >= this.#most) return null;
    const notBefore = Math.max(now, this.#rests.get(documentId) ?? now);
    const due = Math.max(notBefore, now + gather);
    this.#pending.set(documentId, { since: now, rows, notBefore, due });
    return due;
  }

  /** Whether the document waits already. */
  has(documentId: DocumentId): boolean {
    return this.#pending.has(documentId);
  }

  /** Collects no longer: whatever has rested is due now. How many documents that are. */
  hurry(now: number): number {
    let hurried = 0;
    for (const [documentId, pending] of this.#pending) {
      const due = Math.max(pending.notBefore, now);
      if (due === now) hurried += 1;
      this.#pending.set(documentId, { ...pending, due });
    }
    return hurried;
  }

  /** When the next turn of one that is not worked on comes; `null` when none waits. */
  get nextDue(): number | null {
    let next: number | null = null;
    for (const [documentId, { due }] of this.#pending) {
      if ((next === null || due < next) && !this.#inWork.has(documentId)) next = due;
    }
    return next;
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

  /** The work on a document is done; it rests now, for milliseconds. */
  settle(documentId: DocumentId, now: number, rest: number): void {
    this.#inWork.delete(documentId);
    // What is over is forgotten, or there would be as many as there are documents.
    for (const [other, until] of this.#rests) {
      if (until > now) break;
      this.#rests.delete(other);
    }
    this.#rests.delete(documentId);
    this.#rests.set(documentId, now + rest);
    const next = this.#pending.get(documentId);
    if (next !== undefined) this.#pending.set(documentId, postpone(next, now + rest));
  }

  /** The work on a document was not done; it comes again at a time, and has waited since it first did. */
  putBack(documentId: DocumentId, notBefore: number): void {
    const document = this.#inWork.get(documentId);
    this.#inWork.delete(documentId);
    if (document === undefined) return;
    const rows = document.rows + (this.#pending.get(documentId)?.rows ?? 0);
    this.#pending.set(documentId, { since: document.since, rows, notBefore, due: notBefore });
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

function postpone(pending: Pending, until: number): Pending {
  return { ...pending, notBefore: Math.max(pending.notBefore, until), due: Math.max(pending.due, until) };
}
