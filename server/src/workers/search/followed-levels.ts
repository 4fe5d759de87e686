import type { DocumentId, Head } from '../../ports/update-log.ts';
import type { Level } from './project-documents.ts';

/** How far documents that changed of late are noted, or in the index, so that nobody takes them up twice. */
export class FollowedLevels {
  #levels = new Map<DocumentId, Level>();

  /** A document is in the index up to here. */
  add(documentId: DocumentId, level: Level): void {
    if (!holds(this.#levels.get(documentId), level)) this.#levels.set(documentId, level);
  }

  /** The documents of which more is committed than was known; it is from now on. Others than these are forgotten. */
  takeUnknown(heads: readonly Head[]): readonly DocumentId[] {
    const before = this.#levels;
    this.#levels = new Map();
    return heads.flatMap(({ documentId, epoch, head: seq }) => {
      const known = before.get(documentId);
      const isKnown = holds(known, { epoch, seq });
      this.#levels.set(documentId, isKnown && known !== undefined ? known : { epoch, seq });
      return isKnown ? [] : [documentId];
    });
  }
}

/** Epochs are compared as they are: another one is another document. */
function holds(known: Level | undefined, { epoch, seq }: Level): boolean {
  return known !== undefined && known.epoch === epoch && known.seq >= seq;
}
