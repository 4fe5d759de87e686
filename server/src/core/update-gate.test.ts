import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { measureCpu } from '../../test/support/cpu-time.ts';
import { createGateSubject } from '../../test/support/gate-subject.ts';
import { buildUpdate, gc, item, skip, text } from '../../test/support/update-builder.ts';

/** A document in which client 1 wrote a text. */
function textDoc(content: string): Uint8Array {
  return buildUpdate([{ client: 1, structs: [text(content)] }]);
}

function read(encoded: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, encoded);
  return doc.getText('text').toString();
}

describe('accepting', () => {
  it('[GATE9] what is accepted is the bytes that came, when all of it is new', () => {
    const update = textDoc('hello');
    const verdict = createGateSubject().judge(update);
    expect(verdict).toMatchObject({
      kind: 'accept',
      summary: { added: [{ client: 1, from: 0, to: 5 }], hasDeletes: false },
    });
    expect(verdict.kind === 'accept' && verdict.update).toBe(update);
  });

  it('[GATE8] blocks are put in the order of Yjs, which merges bytes only in that', () => {
    const blocks = [1, 3, 2].map((client) => ({ client, structs: [text(`${client}`, { parent: `root ${client}` })] }));
    const subject = createGateSubject();
    const verdict = subject.pass(buildUpdate(blocks, [{ client: 3, ranges: [[0, 1]] }]));
    if (verdict.kind !== 'accept') throw new Error(`the update was not accepted: ${verdict.kind}`);
    const inOrder = blocks.toSorted((one, other) => other.client - one.client);
    expect(verdict.update).toEqual(buildUpdate(inOrder, [{ client: 3, ranges: [[0, 1]] }]));
    const doc = new Y.Doc();
    Y.applyUpdate(doc, Y.mergeUpdates([verdict.update, new Uint8Array([0, 0])]));
    expect(Y.encodeStateAsUpdate(doc)).toEqual(subject.state.encode());
  });

  it('[GATE10] known structs are cut out, and a struct that goes on behind what is known is cut', () => {
    const subject = createGateSubject(textDoc('hel'));
    const verdict = subject.pass(textDoc('hello'));
    expect(verdict).toMatchObject({ kind: 'accept', summary: { added: [{ client: 1, from: 3, to: 5 }] } });
    expect(read(subject.state.encode())).toBe('hello');
    const again = subject.judge(textDoc('hello'));
    expect(again).toMatchObject({ kind: 'accept', summary: { added: [] } });
    expect(again.kind === 'accept' && [...again.update]).toEqual([0, 0]);
  });

  it('[GATE10] a cut through a surrogate pair reads as Yjs reads it', () => {
    const known = buildUpdate([{ client: 1, structs: [text('a\ufffd')] }]);
    const subject = createGateSubject(known);
    subject.pass(textDoc('a😀b'));
    const reference = new Y.Doc();
    Y.applyUpdate(reference, known);
    Y.applyUpdate(reference, textDoc('a😀b'));
    expect(read(subject.state.encode())).toBe(reference.getText('text').toString());
  });

  it('[GATE10] values, JSON, deleted and collected ranges are cut as Yjs cuts them', () => {
    const list = (kind: number, values: readonly number[]) =>
      item({
        kind,
        parent: 'array',
        content: (encoder) => {
          encoding.writeVarUint(encoder, values.length);
          for (const value of values) {
            if (kind === 8) encoding.writeAny(encoder, value);
            else encoding.writeVarString(encoder, JSON.stringify(value));
          }
        },
      });
    const removed = (length: number) =>
      item({ kind: 1, parent: 'array', content: (encoder) => encoding.writeVarUint(encoder, length) });
    for (const make of [
      (n: number) => list(8, [1, 2, 3, 4].slice(0, n)),
      (n: number) => list(2, [1, 2, 3, 4].slice(0, n)),
      removed,
      gc,
    ]) {
      const known = buildUpdate([{ client: 1, structs: [make(2)] }]);
      const whole = buildUpdate([{ client: 1, structs: [make(4)] }]);
      const subject = createGateSubject(known);
      subject.pass(whole);
      const reference = new Y.Doc();
      Y.applyUpdate(reference, known);
      Y.applyUpdate(reference, whole);
      expect(subject.state.encode()).toEqual(Y.encodeStateAsUpdate(reference));
    }
  });

  it('[GATE10] known structs are left out even when they differ, so that Yjs never divides what they name', () => {
    const subject = createGateSubject(
      buildUpdate([
        { client: 1, structs: [text('😀')] },
        { client: 2, structs: [text('x', { parent: 'other' })] },
      ]),
    );
    // Yjs would divide the pair at the origin of a struct that it then ignores, in this replica only.
    subject.pass(buildUpdate([{ client: 2, structs: [text('x', { origin: [1, 0] })] }]));
    expect(read(subject.state.encode())).toBe('😀');
  });

  it('[GATE10] a known beginning that was collected is no reason to fail', () => {
    const subject = createGateSubject(buildUpdate([{ client: 1, structs: [gc(3)] }]));
    expect(subject.pass(textDoc('hello')).kind).toBe('accept');
    expect(subject.state.clock(1)).toBe(5);
    expect(read(subject.state.encode())).toBe('');
  });
});

describe('gaps', () => {
  it('[GATE11] structs behind a clock that is lacking are a gap', () => {
    const subject = createGateSubject();
    const verdict = subject.judge(buildUpdate([{ client: 1, clock: 3, structs: [text('x', { origin: [1, 2] })] }]));
    expect(verdict).toMatchObject({ kind: 'gap', ready: null, missing: new Map([[1, 0]]) });
  });

  it('[GATE11] structs that hang on what another client has not sent are a gap', () => {
    const subject = createGateSubject(textDoc('hello'));
    for (const place of [
      { origin: [2, 0] },
      { right: [2, 0] },
      { parent: [2, 0] },
      { origin: [1, 4], right: [2, 7] },
    ] as const) {
      const verdict = subject.judge(buildUpdate([{ client: 3, structs: [text('x', place)] }]));
      expect(verdict).toMatchObject({ kind: 'gap', ready: null, missing: new Map([[2, 0]]) });
    }
  });

  it('[GATE11] a range that the sender skipped is a gap, unless it is known', () => {
    const update = buildUpdate([{ client: 1, structs: [text('ab'), skip(2), text('e', { origin: [1, 3] })] }]);
    const empty = createGateSubject();
    expect(empty.pass(update)).toMatchObject({ kind: 'gap', missing: new Map([[1, 2]]) });
    expect(read(empty.state.encode())).toBe('ab');
    const known = createGateSubject(textDoc('abcd'));
    expect(known.pass(update).kind).toBe('accept');
    expect(read(known.state.encode())).toBe('abcde');
  });

  it('[GATE11] deleting what nobody has written yet is a gap; what is known is deleted (futureDelete)', () => {
    const subject = createGateSubject(textDoc('hello'));
    const verdict = subject.pass(buildUpdate([], [{ client: 1, ranges: [[3, 2 ** 31]] }]));
    expect(verdict).toMatchObject({ kind: 'gap', missing: new Map([[1, 5]]) });
    expect(subject.state.hasPending()).toBe(false);
    subject.pass(buildUpdate([{ client: 1, clock: 5, structs: [text('!', { origin: [1, 4] })] }]));
    expect(read(subject.state.encode())).toBe('hel!');
  });

  it('[GATE11] of an update with a gap everything goes in that does not hang on it', () => {
    const subject = createGateSubject();
    const update = buildUpdate(
      [
        { client: 9, structs: [text('own'), text('lost', { origin: [4, 0] }), text('after', { origin: [9, 2] })] },
        { client: 5, structs: [text(' and', { origin: [9, 2] }), text('!', { origin: [9, 4] })] },
        { client: 3, structs: [gc(2)] },
      ],
      [
        {
          client: 9,
          ranges: [
            [0, 1],
            [2, 3],
          ],
        },
      ],
    );
    const verdict = subject.pass(update);
    expect(verdict).toMatchObject({
      kind: 'gap',
      missing: new Map([
        [4, 0],
        [9, 3],
      ]),
    });
    expect([subject.state.clock(9), subject.state.clock(5), subject.state.clock(3)]).toEqual([3, 4, 2]);
    expect(read(subject.state.encode())).toBe('w and');
    expect(subject.state.hasPending()).toBe(false);
    // What was lacking arrives, and the same update brings the rest.
    subject.pass(buildUpdate([{ client: 4, structs: [text('Z')] }]));
    expect(subject.pass(update).kind).toBe('accept');
    const reference = new Y.Doc();
    Y.applyUpdate(reference, update);
    Y.applyUpdate(reference, buildUpdate([{ client: 4, structs: [text('Z')] }]));
    expect(read(subject.state.encode())).toBe(reference.getText('text').toString());
  });

  it('[GATE11] structs that wait for each other are a gap, for ever', () => {
    const subject = createGateSubject();
    const verdict = subject.pass(
      buildUpdate([
        { client: 1, structs: [text('a', { origin: [2, 0] })] },
        { client: 2, structs: [text('b', { origin: [1, 0] })] },
        { client: 3, structs: [text('c')] },
      ]),
    );
    expect(verdict.kind).toBe('gap');
    expect(read(subject.state.encode())).toBe('c');
  });

  it('[GATE11] 2,000 gaps cost no more than a look each, and keep nothing (gapFlood2000, gapBig2MB)', () => {
    const subject = createGateSubject(textDoc('hello'));
    const cost = measureCpu(() => {
      for (let index = 1; index <= 2000; index += 1) {
        subject.pass(buildUpdate([{ client: 2, clock: index * 10, structs: [text('gap', { origin: [2, 1] })] }]));
      }
      subject.pass(buildUpdate([{ client: 3, clock: 5, structs: [text('x'.repeat(2_000_000), { origin: [3, 4] })] }]));
    });
    expect(cost).toBeLessThan(1500);
    expect(subject.state.encode()).toEqual(createGateSubject(textDoc('hello')).state.encode());
  });
});
