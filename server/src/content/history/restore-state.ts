import * as Y from 'yjs';
import { keyOf } from '../content-node.ts';
import { editState } from '../edit/replace-content.ts';
import { findRoots, openState, type RootKind } from '../read-state.ts';
import { copyContent } from './copy-content.ts';
import { keyOfUnit } from './unit-key.ts';
import { alignSequences, isAliveIn, type Sequenced } from './align-sequences.ts';

/**
 * The edit that makes a document what it was at an earlier state of its own: what came since is deleted, what went since
 * is written again, and what is still there keeps its items, so that later history stays and what others write at the
 * same time merges. Works on the items themselves, so it holds for any schema and any kind of root. `null` when there is
 * nothing to change.
 */
export function restoreState(request: {
  readonly base: Uint8Array;
  /** A state that the document had on its way to the base. */
  readonly target: Uint8Array;
  /** The clientID to write under; see `replaceContent`. */
  readonly clientId: number;
}): Uint8Array | null {
  const old = openState(request.target);
  return editState(request.base, request.clientId, (document) => {
    const kinds = new Map([...findRoots(document), ...findRoots(old)].map(({ name, kind }) => [name, kind]));
    for (const [name, kind] of kinds) restoreType(typeRoot(document, name, kind), typeRoot(old, name, kind));
  });
}

type AnyType = Y.AbstractType<unknown>;

function typeRoot(document: Y.Doc, name: string, kind: RootKind): AnyType {
  switch (kind) {
    case 'fragment':
      return document.getXmlFragment(name) as unknown as AnyType;
    case 'text':
      return document.getText(name) as unknown as AnyType;
    case 'map':
      return document.getMap(name) as unknown as AnyType;
    case 'array':
      return document.getArray(name) as unknown as AnyType;
  }
}

/** Brings one type, which is there in both documents, to what it was. */
function restoreType(live: AnyType, old: AnyType): void {
  restoreEntries(live, old);
  if (live instanceof Y.Text && old instanceof Y.Text) {
    restoreText(live, old);
    return;
  }
  const isList = live instanceof Y.XmlFragment || live instanceof Y.Array;
  if (!isList) return;
  // The two have no type in common that would have both calls, though both have them.
  const list = live as unknown as Pick<Y.Array<unknown>, 'insert' | 'delete'>;
  restoreSequence(live as AnyType, old, {
    insert: (at, { item, from, length }) => {
      const contents = copyContent(item.content, from, length);
      list.insert(at, [...contents]);
    },
    delete: (at, length) => list.delete(at, length),
  });
}

/** Entries of a map, or attributes of an element. */
function restoreEntries(live: AnyType, old: AnyType): void {
  const document = live.doc;
  if (document === null) return;
  for (const key of new Set([...live._map.keys(), ...old._map.keys()])) {
    const [is, was] = [aliveEntry(live, key), aliveEntry(old, key)];
    if (was === null) {
      if (is !== null) is.delete(transactionOf(document));
      continue;
    }
    if (is !== null && (isSame(is, was) || isAlike(is, was))) {
      if (is.content instanceof Y.ContentType && was.content instanceof Y.ContentType)
        restoreType(is.content.type, was.content.type);
      continue;
    }
    const [value] = copyContent(was.content, was.length - 1, 1);
    if (live instanceof Y.Map) live.set(key, value);
    else if (live instanceof Y.XmlElement || live instanceof Y.XmlText) live.setAttribute(key, value);
  }
}

function aliveEntry(type: AnyType, key: string): Y.Item | null {
  const item = type._map.get(key);
  return item === undefined || item.deleted ? null : item;
}

function isSame(one: Y.Item, other: Y.Item): boolean {
  return one.id.client === other.id.client && one.lastId.clock === other.lastId.clock;
}

function isAlike(one: Y.Item, other: Y.Item): boolean {
  return keyOfUnit(one.content, one.length - 1) === keyOfUnit(other.content, other.length - 1);
}

function transactionOf(document: Y.Doc): Y.Transaction {
  if (document._transaction === null) throw new Error('a restore runs in one transaction');
  return document._transaction;
}

/** The characters first, without formats where they are new, then the formats as they were. */
function restoreText(live: Y.Text, old: Y.Text): void {
  restoreSequence(live as unknown as AnyType, old as unknown as AnyType, {
    insert: (at, { item, from, length }) => {
      if (item.content instanceof Y.ContentString) live.insert(at, item.content.str.slice(from, from + length), {});
      else for (const value of copyContent(item.content, from, length)) live.insertEmbed(at, value as object, {});
    },
    delete: (at, length) => live.delete(at, length),
  });
  const [are, were] = [formatsOf(live), formatsOf(old)];
  for (let at = 0; at < were.length;) {
    const change = changeOf(are[at] ?? {}, were[at] ?? {});
    let end = at + 1;
    while (end < were.length && keyOf(changeOf(are[end] ?? {}, were[end] ?? {})) === keyOf(change)) end += 1;
    if (Object.keys(change).length > 0) live.format(at, end - at, change);
    at = end;
  }
}

type Formats = Readonly<Record<string, unknown>>;

/** The formats of each unit of a text. */
function formatsOf(text: Y.Text): readonly Formats[] {
  const delta = text.toDelta() as readonly { readonly insert: unknown; readonly attributes?: Formats }[];
  return delta.flatMap(({ insert, attributes = {} }) =>
    Array.from({ length: typeof insert === 'string' ? insert.length : 1 }, () => attributes),
  );
}

function changeOf(is: Formats, was: Formats): Record<string, unknown> {
  const change: Record<string, unknown> = {};
  for (const key of Object.keys(is)) if (!Object.hasOwn(was, key)) change[key] = null;
  for (const [key, value] of Object.entries(was)) if (keyOf(is[key]) !== keyOf(value)) change[key] = value;
  return change;
}

interface Edits {
  insert(at: number, piece: Sequenced): void;
  delete(at: number, length: number): void;
}

function restoreSequence(live: AnyType, old: AnyType, edits: Edits): void {
  if (live.doc === null || old.doc === null) return;
  const [aliveHere, aliveThen] = [isAliveIn(live.doc), isAliveIn(old.doc)];
  let at = 0;
  for (const step of alignSequences({ type: live, isAlive: aliveThen }, { type: old, isAlive: aliveHere })) {
    switch (step.kind) {
      case 'delete':
        edits.delete(at, step.length);
        break;
      case 'insert':
        edits.insert(at, step.piece);
        at += step.piece.length;
        break;
      case 'keep':
        if (step.live instanceof Y.ContentType && step.old instanceof Y.ContentType)
          restoreType(step.live.type, step.old.type);
        at += step.length;
        break;
    }
  }
}
