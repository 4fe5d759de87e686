import type { DocumentId } from '../ports/update-log.ts';

/** ClientIDs remembered at a time. */
const CAPACITY = 10_000;
/** Yjs draws its ids from 32 bits. */
const ID_SPACE = 2 ** 32;

/**
 * The clientIDs under which this node writes for users that are not connected: one per document and user, since a new
 * one for each edit would reach the limit of a document's clients, and never one that another node uses.
 */
export interface EditClients {
  /** The id of a user's edits; `isTaken` tells which ones the document knows of others. */
  idFor(documentId: DocumentId, user: string, isTaken: (id: number) => boolean): number;
  /** Gives up an id under which something may have been written that no base holds. */
  forget(documentId: DocumentId, user: string): void;
}

export function createEditClients(random: () => number): EditClients {
  const ids = new Map<string, number>();
  const keyOf = (documentId: DocumentId, user: string): string => `${documentId} ${user}`;
  return {
    idFor(documentId, user, isTaken) {
      const key = keyOf(documentId, user);
      const known = ids.get(key);
      ids.delete(key);
      let id = known ?? drawId(random);
      while (known === undefined && isTaken(id)) id = drawId(random);
      ids.set(key, id);
      const oldest = ids.size > CAPACITY ? ids.keys().next().value : undefined;
      if (oldest !== undefined) ids.delete(oldest);
      return id;
    },
    forget(documentId, user) {
      ids.delete(keyOf(documentId, user));
    },
  };
}

function drawId(random: () => number): number {
  return Math.floor(random() * ID_SPACE);
}
