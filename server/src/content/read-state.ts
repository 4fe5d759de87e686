import * as Y from 'yjs';
import { ScriptoriumError } from '../core/errors.ts';

/** What a root turned out to be; Yjs itself only knows once somebody asks for it by a type. */
export type RootKind = 'fragment' | 'text' | 'map' | 'array';

/** The part of a Yjs type that reading needs: its list of items and its map of items. */
export interface SharedType {
  readonly _start: Y.Item | null;
  readonly _map: ReadonlyMap<string, Y.Item>;
}

export interface Root {
  readonly name: string;
  readonly kind: RootKind;
  readonly type: SharedType;
}

/**
 * Merges a state into a private document and names its roots, in order of their names. Roots of which nothing is
 * left that would tell their kind are left out.
 *
 * Throws `document-quarantined` when the bytes are not a Yjs update.
 */
export function readState(state: Uint8Array): readonly Root[] {
  return findRoots(openState(state));
}

/**
 * Merges a state, or the updates that it is made of in their order, into a private document that forgets nothing.
 *
 * Throws `document-quarantined` when the bytes are not a Yjs update.
 */
export function openState(...parts: readonly Uint8Array[]): Y.Doc {
  const document = new Y.Doc({ gc: false });
  // Without observers: Y.Text would answer with deletions of its own, which nobody else would have.
  const skipObservers = (transaction: Y.Transaction): void => transaction.changed.clear();
  document.on('beforeObserverCalls', skipObservers);
  try {
    for (const part of parts) Y.applyUpdate(document, part);
  } catch (error) {
    throw new ScriptoriumError('document-quarantined', 'the stored state cannot be decoded', { cause: error });
  }
  document.off('beforeObserverCalls', skipObservers);
  return document;
}

/** The roots of a document and what they are, in order of their names. */
export function findRoots(document: Y.Doc): readonly Root[] {
  const roots: Root[] = [];
  for (const [name, type] of document.share) {
    const kind = inferKind(type);
    if (kind !== null) roots.push({ name, kind, type });
  }
  return roots.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Tells Yjs what its rich texts and texts are, which it only knows once somebody asks for them by their type. */
export function typeRoots(document: Y.Doc): void {
  for (const { name, kind } of findRoots(document)) {
    if (kind === 'fragment') document.getXmlFragment(name);
    else if (kind === 'text') document.getText(name);
  }
}

/** The contents of a type's items that are not deleted, in order. */
export function* liveContents(type: SharedType): Generator<Y.Item['content']> {
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted) yield item.content;
  }
}

/** The entries of a type's map part that are not deleted: attributes of an element, keys of a map. */
export function* liveEntries(type: SharedType): Generator<readonly [string, unknown]> {
  for (const [key, item] of type._map) {
    if (!item.deleted) yield [key, item.content.getContent()[item.length - 1]];
  }
}

/** Deleted items tell as well, as long as their content was not collected: an emptied text stays a text. */
function inferKind(type: SharedType): RootKind | null {
  for (let item = type._start; item !== null; item = item.right) {
    const kind = kindOfContent(item.content);
    if (kind !== null) return kind;
  }
  return type._map.size > 0 ? 'map' : null;
}

function kindOfContent(content: Y.Item['content']): RootKind | null {
  if (content instanceof Y.ContentString || content instanceof Y.ContentFormat || content instanceof Y.ContentEmbed)
    return 'text';
  if (content instanceof Y.ContentDeleted) return null;
  if (content instanceof Y.ContentType) return isXml(content.type) ? 'fragment' : 'array';
  return 'array';
}

function isXml(type: SharedType): boolean {
  return type instanceof Y.XmlElement || type instanceof Y.XmlText || type instanceof Y.XmlHook;
}
