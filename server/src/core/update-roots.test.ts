import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import {
  AUTHOR,
  changeOf,
  COMMENTER,
  createDocument,
  judge,
  placeOf,
  startOf,
  threadOf,
} from '../../test/support/commented-document.ts';
import { createGateSubject } from '../../test/support/gate-subject.ts';
import { buildUpdate, gc, item, skip, text, type, type RawBlock } from '../../test/support/update-builder.ts';

describe('what a commenter may do', () => {
  it.each<[string, (doc: Y.Doc) => void]>([
    ['a new thread', (doc) => doc.getMap('comments').set('second', new Y.Map([['text', new Y.Text('hello')]]))],
    ['a nested type under a nested type', (doc) => threadOf(doc).thread.set('replies', Y.Array.from([new Y.Map()]))],
    ['text in a thread', (doc) => threadOf(doc).text.insert(3, 'X')],
    ['a format in a thread', (doc) => threadOf(doc).text.format(1, 3, { bold: true })],
    ['a deletion in a thread', (doc) => threadOf(doc).text.delete(1, 3)],
    ['the deletion of a thread', (doc) => doc.getMap('comments').delete('first')],
    ['replacing a thread', (doc) => doc.getMap('comments').set('first', 'resolved')],
    [
      'undoing all that',
      (doc) => {
        const undo = new Y.UndoManager(doc.getMap('comments'), { captureTimeout: 0 });
        doc.getMap('comments').delete('first');
        undo.undo();
        undo.redo();
        undo.undo();
      },
    ],
  ])('[GATE26] %s passes', (_title, change) => {
    const doc = createDocument();
    expect(judge(doc, changeOf(doc, change))).toBe('accept');
  });

  it('[GATE26] a SyncStep2 with everything that others wrote passes when it brings nothing but comments', () => {
    const doc = createDocument();
    doc.getText('text').delete(2, 2);
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
    expect(judge(doc, Y.encodeStateAsUpdate(copy))).toBe('accept');
    copy.getMap('comments').set('own', 1);
    expect(judge(doc, Y.encodeStateAsUpdate(copy))).toBe('accept');
    copy.getText('text').insert(0, 'x');
    expect(judge(doc, Y.encodeStateAsUpdate(copy))).toBe('comments-only');
  });
});

describe('what a commenter may not do', () => {
  it.each<[string, (doc: Y.Doc) => void]>([
    ['inserting', (doc) => doc.getText('text').insert(2, 'x')],
    ['inserting at the end', (doc) => doc.getText('text').insert(7, 'x')],
    ['inserting into an empty root', (doc) => doc.getText('new').insert(0, 'x')],
    ['a root whose name begins alike', (doc) => doc.getMap('comments2').set('a', 1)],
    ['a root without a name', (doc) => doc.getMap('').set('a', 1)],
    ['deleting', (doc) => doc.getText('text').delete(2, 1)],
    ['formatting', (doc) => doc.getText('text').format(4, 2, { bold: true })],
    ['taking a format away', (doc) => doc.getText('text').format(0, 3, { bold: null })],
    ['a nested type', (doc) => doc.getArray('default').insert(0, [new Y.Map()])],
    ['text in a nested type', (doc) => (doc.getArray('default').get(0) as Y.Text).insert(0, 'x')],
    ['deleting a nested type', (doc) => doc.getArray('default').delete(0, 1)],
    [
      'moving',
      (doc) => {
        const block = (doc.getArray('default').get(0) as Y.Text).clone();
        doc.getArray('default').delete(0, 1);
        doc.getArray('default').insert(0, [block]);
      },
    ],
    [
      'a comment and content at once',
      (doc) => {
        doc.transact(() => {
          doc.getMap('comments').set('a', 1);
          doc.getText('text').insert(0, 'x');
        });
      },
    ],
    [
      'a comment, and content deleted',
      (doc) => {
        doc.transact(() => {
          doc.getMap('comments').set('a', 1);
          doc.getText('text').delete(0, 1);
        });
      },
    ],
    [
      'undoing',
      (doc) => {
        const undo = new Y.UndoManager(doc.getText('text'), { captureTimeout: 0 });
        doc.getText('text').delete(0, 3);
        undo.undo();
      },
    ],
  ])('[GATE27] %s is refused as comments-only', (_title, change) => {
    const doc = createDocument();
    expect(judge(doc, changeOf(doc, change))).toBe('comments-only');
    // Somebody who may write everywhere may do the same.
    const subject = createGateSubject(Y.encodeStateAsUpdate(doc));
    expect(subject.judge(changeOf(doc, change)).kind).toBe('accept');
  });
});

describe('structs that no editor would write', () => {
  const doc = createDocument();
  const content = startOf(doc.getText('text') as Y.AbstractType<unknown>);
  const comment = startOf(threadOf(doc).text as Y.AbstractType<unknown>);
  const block = placeOf(doc.getArray('default').get(0) as Y.AbstractType<unknown>);
  const thread = placeOf(threadOf(doc).thread as Y.AbstractType<unknown>);
  const own = (clock: number): readonly [number, number] => [COMMENTER, clock];
  const inComments = text('x', { parent: 'comments' });
  const client = (...structs: RawBlock['structs']): RawBlock => ({ client: COMMENTER, structs });

  it.each<[string, readonly RawBlock[]]>([
    ['origin in the content', [client(text('x', { origin: content }))]],
    ['right origin in the content', [client(text('x', { right: content }))]],
    ['origin in the comments, right origin in the content', [client(text('x', { origin: comment, right: content }))]],
    ['origin in the content, right origin in the comments', [client(text('x', { origin: content, right: comment }))]],
    ['parent in the content', [client(text('x', { parent: block }))]],
    ['parent that is text of the content', [client(text('x', { parent: content }))]],
    [
      'hanging on an own struct in the content',
      [client(text('x', { origin: content }), text('y', { origin: own(0) }))],
    ],
    ['an own comment first', [client(inComments, text('y', { origin: own(0), right: content }))]],
    [
      'below an own type in another root',
      [client(type(1, { parent: 'other', key: 'a' }), text('y', { parent: own(0) }))],
    ],
    [
      'by way of another client',
      [{ client: 3, structs: [text('x', { origin: content })] }, client(text('y', { origin: [3, 0] }))],
    ],
    [
      'by way of another client that comes later',
      [client(text('y', { origin: [3, 0] })), { client: 3, structs: [text('x', { right: content })] }],
    ],
    [
      'an own collected struct as origin, and the content as right origin',
      [client(gc(1), text('y', { origin: own(0), right: content }))],
    ],
  ])('[GATE28] %s: refused', (_title, blocks) => {
    expect(judge(doc, buildUpdate(blocks))).toBe('comments-only');
  });

  it.each<[string, readonly RawBlock[]]>([
    ['origin and right origin', [client(text('x', { origin: comment, right: [comment[0], comment[1] + 1] }))]],
    [
      'parent',
      [client(item({ kind: 8, parent: thread, key: 'k', content: (to) => to.cbuf.set([1, 127], (to.cpos += 2) - 2) }))],
    ],
    [
      'a chain over two clients, in either order',
      [client(inComments, text('y', { origin: [3, 0] })), { client: 3, structs: [text('z', { right: own(0) })] }],
    ],
    ['a type and what is in it', [client(type(1, { parent: 'comments', key: 'a' }), text('y', { parent: own(0) }))]],
  ])('[GATE28] %s below the comments: taken', (_title, blocks) => {
    expect(judge(doc, buildUpdate(blocks))).toBe('accept');
  });

  it('[GATE28] a long chain of structs is followed without recursion, and once', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) =>
      index === 0 ? inComments : text('x', { origin: own(index - 1) }),
    );
    expect(judge(doc, buildUpdate([client(...chain)]))).toBe('accept');
  });

  it('[GATE28] what is left of a struct whose beginning is known lies where that lies', () => {
    const before = buildUpdate([client(text('ab', { origin: content }))]);
    const after = buildUpdate([client(text('abcd', { origin: content }))]);
    const known = createDocument();
    Y.applyUpdate(known, before);
    expect(judge(known, before)).toBe('accept');
    expect(judge(known, after)).toBe('comments-only');
    const commented = createDocument();
    Y.applyUpdate(commented, buildUpdate([client(text('ab', { parent: 'comments' }))]));
    // The bytes name another root, but what is new hangs on the known part.
    expect(judge(commented, buildUpdate([client(text('abcd', { parent: 'text' }))]))).toBe('accept');
  });

  it('[GATE28] a range that is left out hides nothing', () => {
    const blocks = [client(inComments, skip(3), text('x', { origin: content }))];
    expect(judge(doc, buildUpdate(blocks))).toBe('gap');
    const known = createDocument();
    Y.applyUpdate(known, buildUpdate([client(text('abcd', { parent: 'comments' }))]));
    expect(judge(known, buildUpdate(blocks))).toBe('comments-only');
  });

  it('[GATE28] a range that begins in a comment and ends in the content is refused', () => {
    const end = Y.getState(doc.store, AUTHOR);
    expect(judge(doc, buildUpdate([], [{ client: AUTHOR, ranges: [[0, end]] }]))).toBe('comments-only');
    expect(judge(doc, buildUpdate([], [{ client: AUTHOR, ranges: [[comment[1], end - comment[1]]] }]))).toBe('accept');
  });
});
