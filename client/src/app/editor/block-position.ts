import type { EditorState } from '@tiptap/pm/state';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import * as Y from 'yjs';

type Sync = { readonly doc: Y.Doc; readonly type: Y.XmlFragment };

/** Where a block stands in the text, by its address (`client:clock`); `null` when it is not there, or no more. */
export function findBlockPosition(state: EditorState, address: string): number | null {
  const sync = ySyncPluginKey.getState(state) as Sync | undefined;
  const element = sync === undefined ? null : findElement(sync.doc, address);
  if (sync === undefined || element === null) return null;
  const path = readPath(element, sync.type);
  return path === null ? null : positionOf(state, path);
}

function findElement(doc: Y.Doc, address: string): Y.XmlElement | null {
  const [client = -1, clock = -1] = address.split(':').map(Number);
  const structs = doc.store.clients.get(client);
  if (structs === undefined || !(clock >= 0) || clock >= Y.getState(doc.store, client)) return null;
  const item = structs[Y.findIndexSS(structs, clock)];
  if (!(item instanceof Y.Item) || item.deleted || item.id.clock !== clock) return null;
  const type: unknown = item.content instanceof Y.ContentType ? item.content.type : null;
  return type instanceof Y.XmlElement ? (type as Y.XmlElement) : null;
}

/** The places of an element and of those that it lies in, the outermost first. */
function readPath(element: Y.XmlElement, root: Y.XmlFragment): readonly number[] | null {
  const path: number[] = [];
  let child: Y.XmlElement = element;
  for (;;) {
    const { parent } = child;
    if (!(parent instanceof Y.XmlFragment)) return null;
    const at = parent.toArray().indexOf(child);
    if (at === -1) return null;
    path.unshift(at);
    if (parent === root) return path;
    if (!(parent instanceof Y.XmlElement)) return null;
    child = parent as Y.XmlElement;
  }
}

/** The binding keeps a node of the editor for each element, in the same order. */
function positionOf({ doc }: EditorState, path: readonly number[]): number | null {
  let node = doc;
  let position = 0;
  for (const [depth, at] of path.entries()) {
    if (at >= node.childCount) return null;
    for (let before = 0; before < at; before += 1) position += node.child(before).nodeSize;
    node = node.child(at);
    if (depth < path.length - 1) position += 1;
  }
  return position;
}
