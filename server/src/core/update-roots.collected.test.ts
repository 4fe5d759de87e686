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
import { buildUpdate, gc, item, text, type } from '../../test/support/update-builder.ts';

describe('what hangs on something collected', () => {
  /** A thread that was deleted, so that the text in it is collected. */
  function createWithDeletedThread() {
    const doc = createDocument();
    const inThread = startOf(threadOf(doc).text as Y.AbstractType<unknown>);
    const textType = placeOf(threadOf(doc).text as Y.AbstractType<unknown>);
    const replies = changeOf(doc, (copy) => threadOf(copy).text.insert(4, 'late reply'));
    const thread = placeOf(threadOf(doc).thread as Y.AbstractType<unknown>);
    doc.getMap('comments').delete('first');
    return { doc, inThread, textType, thread, replies };
  }

  it('[GATE29] a reply to a thread that somebody deletes at the same time goes in as an empty struct', () => {
    const { doc, replies } = createWithDeletedThread();
    const subject = createGateSubject(Y.encodeStateAsUpdate(doc), { scope: 'comments' });
    const verdict = subject.pass(replies);
    expect(verdict.kind).toBe('accept');
    expect(subject.state.clock(COMMENTER)).toBe(10);
    // What is stored and sent on has no text and no place in it.
    const bytes = verdict.kind === 'accept' ? verdict.update : new Uint8Array();
    expect([...bytes]).toEqual([...buildUpdate([{ client: COMMENTER, structs: [gc(10)] }])]);
    expect(subject.judge(changeOf(doc, (copy) => copy.getMap('comments').set('a', 1))).kind).not.toBe('refuse');
  });

  it('[GATE29] what hangs on such a struct, in the same update or a later one, is emptied too', () => {
    const { doc, inThread } = createWithDeletedThread();
    const subject = createGateSubject(Y.encodeStateAsUpdate(doc), { scope: 'comments' });
    const structs = [
      text('a', { origin: inThread }),
      text('b', { origin: [COMMENTER, 0] }),
      text('c', { parent: 'comments' }),
    ];
    subject.pass(buildUpdate([{ client: COMMENTER, structs }]));
    subject.pass(buildUpdate([{ client: COMMENTER, clock: 3, structs: [text('d', { origin: [COMMENTER, 1] })] }]));
    expect(subject.state.clock(COMMENTER)).toBe(4);
    expect([0, 1, 2, 3].map((clock) => subject.state.rootOf(COMMENTER, clock))).toEqual([null, null, 'comments', null]);
  });

  it('[GATE29] the content of which a replica has kept more than the server stays as it is there', () => {
    const doc = createDocument();
    const kept = new Y.Doc({ gc: false });
    Y.applyUpdate(kept, Y.encodeStateAsUpdate(doc));
    const inBlock = startOf(doc.getArray('default').get(0) as Y.AbstractType<unknown>);
    const deletion = changeOf(doc, (copy) => copy.getArray('default').delete(0, 1));
    Y.applyUpdate(kept, deletion);
    Y.applyUpdate(doc, deletion);
    const subject = createGateSubject(Y.encodeStateAsUpdate(doc), { scope: 'comments' });
    const verdict = subject.pass(buildUpdate([{ client: 7, structs: [text('grafted', { origin: inBlock })] }]));
    expect(verdict.kind).toBe('accept');
    if (verdict.kind === 'accept') Y.applyUpdate(kept, verdict.update);
    expect(JSON.stringify(Y.encodeStateAsUpdate(kept))).not.toContain('grafted');
    expect(Buffer.from(Y.encodeStateAsUpdate(kept)).includes('grafted')).toBe(false);
  });

  it('[GATE29] what is put into a deleted thread itself goes in, and shows nowhere', () => {
    const { doc, thread } = createWithDeletedThread();
    const subject = createGateSubject(Y.encodeStateAsUpdate(doc), { scope: 'comments' });
    const verdict = subject.pass(
      buildUpdate([{ client: COMMENTER, structs: [type(1, { parent: thread, key: 'k' })] }]),
    );
    expect(verdict.kind).toBe('accept');
  });
});

describe('marks of formats', () => {
  it('[GATE30] marks that do nothing may be deleted anywhere, since Yjs tidies them up in every replica', () => {
    const doc = new Y.Doc();
    doc.clientID = AUTHOR;
    doc.getText('text').insert(0, 'content');
    doc.getText('text').format(0, 7, { bold: true });
    const end = Y.getState(doc.store, AUTHOR);
    // Two people make the same bold at once: one pair of marks is too much.
    const copy = new Y.Doc();
    copy.clientID = 5;
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
    const mark = (value: boolean, place: object) =>
      item({
        kind: 6,
        ...place,
        content: (to) => {
          for (const part of ['bold', JSON.stringify(value)]) {
            to.cbuf.set([part.length, ...Buffer.from(part)], to.cpos);
            to.cpos += part.length + 1;
          }
        },
      });
    Y.applyUpdate(doc, buildUpdate([{ client: 5, structs: [mark(true, { origin: [AUTHOR, 0] })] }]));
    expect(doc.getText('text').toDelta()).toEqual([{ insert: 'content', attributes: { bold: true } }]);
    expect(judge(doc, buildUpdate([], [{ client: 5, ranges: [[0, 1]] }]))).toBe('accept');
    for (let clock = 7; clock < end; clock += 1) {
      const isMark = judge(doc, buildUpdate([], [{ client: AUTHOR, ranges: [[clock, 1]] }]));
      const without = new Y.Doc();
      Y.applyUpdate(without, Y.encodeStateAsUpdate(doc));
      Y.applyUpdate(without, buildUpdate([], [{ client: AUTHOR, ranges: [[clock, 1]] }]));
      const looksTheSame =
        JSON.stringify(without.getText('text').toDelta()) === JSON.stringify(doc.getText('text').toDelta());
      expect(isMark).toBe(looksTheSame ? 'accept' : 'comments-only');
    }
  });
});
