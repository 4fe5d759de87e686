import type { DocumentId } from './update-log.ts';

/** One committed row on its way to the document's rooms on other nodes. */
export interface RelayMessage {
  /** Incarnation of the node that sent it; a node ignores its own, should an adapter deliver one. */
  readonly node: string;
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly seq: number;
  /** The row's payload (`core/log-row.ts`). */
  readonly payload: Uint8Array;
}

/**
 * A hint, never the truth: messages may be lost, doubled, late or out of order. Publishing is done after the commit
 * and never waits for anybody.
 */
export interface FanOut {
  publish(message: RelayMessage): void;
  /** Calls back for each message about the document until the returned function is called. */
  subscribe(documentId: DocumentId, handler: (message: RelayMessage) => void): () => void;
  /** Presence of a document's clients, never stored; `update` is a y-protocols awareness update. */
  publishAwareness(documentId: DocumentId, node: string, update: Uint8Array): void;
  subscribeAwareness(documentId: DocumentId, handler: (node: string, update: Uint8Array) => void): () => void;
  /** Whether messages arrive at present; false shortens the interval at which rooms compare heads. */
  healthy(): boolean;
}
