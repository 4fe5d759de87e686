import * as Y from 'yjs';
import { createGateSubject } from './gate-subject.ts';

/** ClientID of the document's author. */
export const AUTHOR = 1;
/** ClientID of the commenter. */
export const COMMENTER = 2;

/** A document with content and comments, as an author left it. */
export function createDocument(): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = AUTHOR;
  doc.getText('text').insert(0, 'content');
  doc.getText('text').format(0, 3, { bold: true });
  doc.getArray('default').insert(0, [new Y.Text('block')]);
  const thread = new Y.Map<unknown>([['text', new Y.Text('comment')]]);
  doc.getMap('comments').set('first', thread);
  return doc;
}

/** The place of the first item of a type. */
export function startOf(shared: Y.AbstractType<unknown>): readonly [number, number] {
  const id = shared._start?.id;
  if (id === undefined) throw new Error('the type is empty');
  return [id.client, id.clock];
}

/** The place of a nested type. */
export function placeOf(shared: Y.AbstractType<unknown>): readonly [number, number] {
  const id = shared._item?.id;
  if (id === undefined) throw new Error('the type is a root');
  return [id.client, id.clock];
}

/** The one thread of the document, and its text. */
export function threadOf(doc: Y.Doc): { readonly thread: Y.Map<unknown>; readonly text: Y.Text } {
  const thread = doc.getMap('comments').get('first') as Y.Map<unknown>;
  return { thread, text: thread.get('text') as Y.Text };
}

/** What the gate says to an update of a commenter, after all of its parts. */
export function judge(doc: Y.Doc, update: Uint8Array): string {
  const subject = createGateSubject(Y.encodeStateAsUpdate(doc), { scope: 'comments' });
  const verdict = subject.pass(update);
  return verdict.kind === 'refuse' ? verdict.code : verdict.kind;
}

/** What a change makes a client send that knows the document. */
export function changeOf(doc: Y.Doc, change: (copy: Y.Doc) => void): Uint8Array {
  const copy = new Y.Doc();
  copy.clientID = COMMENTER;
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  const before = Y.encodeStateVector(copy);
  const updates: Uint8Array[] = [];
  copy.on('update', (update: Uint8Array) => void updates.push(update));
  change(copy);
  return updates.length === 0 ? Y.encodeStateAsUpdate(copy, before) : Y.mergeUpdates(updates);
}
