import * as Y from 'yjs';
import { ScriptoriumError } from '../../core/errors.ts';
import { checkLevel } from '../check-content.ts';
import type { ContentNode, JsonObject } from '../content-node.ts';
import { findRoots, openState } from '../read-state.ts';
import { RICH_TEXT_ROOT } from '../render-json.ts';
import { editChildren, readDocument } from './edit-children.ts';
import { editRoots, replaceText } from './edit-roots.ts';
import { placeLines } from './place-lines.ts';

/** What a document shall become. */
export type ReplaceTarget =
  /** All of it, marks outside the schema included; `roots` is null where the source does not speak of other roots. */
  | { readonly kind: 'json'; readonly doc: ContentNode; readonly roots: JsonObject | null }
  /** The rich text, from a format that knows the schema's nodes and marks only. */
  | { readonly kind: 'rich'; readonly doc: ContentNode }
  /** Its lines; formatting and structure stay. */
  | { readonly kind: 'text'; readonly text: string };

export interface ReplaceRequest {
  /** The state to start from, as one Yjs V1 update. */
  readonly base: Uint8Array;
  readonly target: ReplaceTarget;
  /**
   * The clientID to write under. Whoever passes one again must pass a base that holds all that was written under it,
   * or the edit is a fork.
   */
  readonly clientId: number;
}

/**
 * Computes the smallest edit that it finds from a state to a content, as one Yjs update; `null` when there is nothing
 * to change. What it does not touch keeps its items, so what others write at the same time merges.
 *
 * Throws `invalid-content`, `unknown-node` or `limit-exceeded`; then nothing is to be written.
 */
export function replaceContent({ base, target, clientId }: ReplaceRequest): Uint8Array | null {
  return editState(base, clientId, (document) => applyTarget(document, target));
}

/** Runs an edit on a private copy of a state and returns what it did as one update; `null` when it did nothing. */
export function editState(base: Uint8Array, clientId: number, edit: (document: Y.Doc) => void): Uint8Array | null {
  const document = openState(base);
  document.clientID = clientId;
  const updates: Uint8Array[] = [];
  document.on('update', (update: Uint8Array) => updates.push(update));
  document.transact(() => edit(document));
  // Y.Text takes redundant formats away in a transaction of its own behind the edit.
  return updates.length > 1 ? Y.mergeUpdates(updates) : (updates[0] ?? null);
}

function applyTarget(document: Y.Doc, target: ReplaceTarget): void {
  const roots = findRoots(document);
  if (target.kind === 'text') {
    const only = roots.length === 1 ? roots[0] : undefined;
    // A document that is one plain text, as a code editor makes it, is that text.
    if (only?.kind === 'text' && only.name !== RICH_TEXT_ROOT)
      return replaceText(document.getText(only.name), target.text);
  }
  const isTaken = roots.some(({ name, kind }) => name === RICH_TEXT_ROOT && kind !== 'fragment');
  if (isTaken) throw new ScriptoriumError('invalid-content', 'the root of the rich text holds something else');
  const fragment = document.getXmlFragment(RICH_TEXT_ROOT);
  const doc = target.kind === 'text' ? placeLines(readDocument(fragment), target.text) : target.doc;
  if (doc.content !== undefined) checkLevel(doc);
  editChildren(fragment, doc.content ?? [], { keepsUnknownMarks: target.kind !== 'json' });
  if (target.kind === 'json' && target.roots !== null) editRoots(document, target.roots);
}
