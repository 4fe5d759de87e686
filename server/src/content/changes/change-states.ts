import type * as Y from 'yjs';

/** The two states that an operation needs, as private documents. */
export interface ChangeStates {
  /** The state in which its addresses hold. */
  readonly base: Y.Doc;
  /** The state that it is applied to. */
  readonly document: Y.Doc;
}
