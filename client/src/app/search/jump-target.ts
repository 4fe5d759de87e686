import { signal } from '@preact/signals';

/** A place in a document that somebody wants to see. */
export interface JumpTarget {
  readonly document: string;
  /** Address of the block; `null` for the document as a whole. */
  readonly block: string | null;
  /** Words that were found in it, as they are written there. */
  readonly words: readonly string[];
}

/** Where to go once the document is open; whoever has gone there takes it away. */
export const jumpTarget = signal<JumpTarget | null>(null);
