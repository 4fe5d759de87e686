import type { EditorState } from '@tiptap/pm/state';
import { relativePositionToAbsolutePosition, ySyncPluginKey } from '@tiptap/y-tiptap';
import type { Awareness } from 'y-protocols/awareness';
import { createRelativePositionFromJSON, type Doc, type XmlFragment } from 'yjs';

type Sync = {
  readonly doc: Doc;
  readonly type: XmlFragment;
  readonly binding: { readonly mapping: Parameters<typeof relativePositionToAbsolutePosition>[3] };
};

/** Where somebody's caret is in this document; `null` where it is in none of its blocks, or nobody's. */
export function findCaret(state: EditorState, awareness: Awareness, client: number): number | null {
  const cursor: unknown = awareness.getStates().get(client)?.['cursor'];
  const sync = ySyncPluginKey.getState(state) as Sync | undefined;
  if (sync === undefined || typeof cursor !== 'object' || cursor === null || !('head' in cursor)) return null;
  try {
    const head = createRelativePositionFromJSON(cursor.head);
    const position = relativePositionToAbsolutePosition(sync.doc, sync.type, head, sync.binding.mapping);
    return position === null ? null : Math.min(position, state.doc.content.size);
  } catch {
    // Strangers' programs may say anything.
    return null;
  }
}
