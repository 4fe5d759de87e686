/**
 * Word of a change, from node to node. A hint and never the truth: it may be lost, doubled or late, and a node that
 * hears nothing finds out by asking for the revision.
 */
export interface AccessHints {
  /** Tells all nodes, this one included, that there is something up to a revision. Never waits for anybody, never throws. */
  publish(revision: number): void;
  /** Calls back for each hint until the returned function is called. */
  subscribe(handler: (revision: number) => void): () => void;
}
