import type { DocumentId } from './update-log.ts';

/** One client that is in a document, on whichever node. */
export interface PresentClient {
  readonly client: number;
  /** Whose it is: the token's `sub`, whatever the client says. */
  readonly user: string;
  /** JSON text of what the client shows of itself, its cursor for example. */
  readonly state: string;
}

/** What REST needs of the people who are in documents right now; the rooms implement it. */
export interface LivePresence {
  /** Who is here on all nodes. Those of other nodes are asked, and have half a second to answer. */
  list(documentId: DocumentId): Promise<readonly PresentClient[]>;
  /** Sends a stateless message to every client of the document, on all nodes; whoever is not connected misses it. */
  broadcast(documentId: DocumentId, payload: string): void;
}
