import type { DocumentId } from './update-log.ts';

/** One committed row on its way to the document's rooms on other nodes. */
export interface RelayMessage {
  /** Incarnation of the node that sent it; a node ignores its own, should an adapter deliver one. */
  readonly node: string;
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly seq: number;
  /** The row's payload (`core/log-row.ts`); `null` is a hint that the row is there, to be read from the log. */
  readonly payload: Uint8Array | null;
}

/**
 * How the nodes tell each other what is new. A hint, never the truth: messages may be lost, doubled, late or out of
 * order, and no lock or key of the medium matters to anybody.
 *
 * - Publishing is done after the commit, waits for nobody, throws nothing and calls nobody before it returns. While
 *   the medium is away or slow, messages are dropped within fixed memory; for a row, the medium's return brings at
 *   least a hint of the newest one that each document lost. A row may arrive as a hint at any time.
 * - A handler that throws takes nothing from the others, nor the next message from itself.
 * - While the medium is well, what is published after a subscription came into force arrives, in the order of its
 *   sender, and a node does not hear itself.
 */
export interface FanOut {
  /** False where there can be no other node, so that nobody need say anything. */
  readonly shared: boolean;
  publish(message: RelayMessage): void;
  /**
   * Calls back for each message about the document until the returned function is called. `onActive` is called once,
   * when the subscription has come into force: before this returns where that is at once. What was published earlier
   * may be lost to it; a room compares itself with the log then.
   */
  subscribe(documentId: DocumentId, handler: (message: RelayMessage) => void, onActive?: () => void): () => void;
  /** Presence of a document's clients (`core/presence-relay.ts`), never stored, on its own way. */
  publishAwareness(documentId: DocumentId, node: string, update: Uint8Array): void;
  /** Like `subscribe`, for presence. */
  subscribeAwareness(
    documentId: DocumentId,
    handler: (node: string, update: Uint8Array) => void,
    onActive?: () => void,
  ): () => void;
  /** Whether messages arrive at present; false shortens the interval at which rooms compare heads. */
  healthy(): boolean;
  /**
   * Calls back with the new answer whenever that of `healthy` changes. When it becomes true, every subscription is in
   * force again, and what was published before may be lost.
   */
  onHealth(handler: (healthy: boolean) => void): () => void;
  /**
   * Calls back with the incarnation of another node that has said goodbye, or from which nothing was heard for its
   * lease. All that it announced is void. A node that was only cut off is heard again after it has come back.
   */
  onNodeGone(handler: (node: string) => void): () => void;
  /** Sends what waits, says goodbye to the other nodes and lets go of the medium; later calls do nothing. */
  drain(milliseconds: number): Promise<void>;
}
