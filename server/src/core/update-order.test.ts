import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createGateSubject } from '../../test/support/gate-subject.ts';
import { buildUpdate, gc, text } from '../../test/support/update-builder.ts';

/** A document in which client 1 wrote a text. */
function textDoc(content: string): Uint8Array {
  return buildUpdate([{ client: 1, structs: [text(content)] }]);
}

function read(encoded: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, encoded);
  return doc.getText('text').toString();
}

/** What client 2's last struct is between, after all of the update went in: `origin|right`. */
function placeOf(encoded: Uint8Array, update: Uint8Array): string {
  const subject = createGateSubject(encoded);
  const verdict = subject.pass(update);
  if (verdict.kind !== 'accept') throw new Error(verdict.kind);
  const reloaded = createGateSubject(subject.state.encode());
  expect(read(reloaded.state.encode())).toBe(read(subject.state.encode()));
  const last = Y.decodeUpdate(verdict.update).structs.findLast((struct) => struct.id.client === 2);
  if (!(last instanceof Y.Item)) throw new Error('not an item');
  return [last.origin, last.rightOrigin].map((id) => (id === null ? '-' : `${id.client}:${id.clock}`)).join('|');
}

describe('places', () => {
  const base = textDoc('abcdef');
  /** Somebody wrote X between b and c, and somebody else Y between X and c. */
  const written = buildUpdate([
    { client: 1, structs: [text('abcdef')] },
    { client: 5, structs: [text('X', { origin: [1, 1], right: [1, 2] })] },
    { client: 6, structs: [text('Y', { origin: [5, 0], right: [1, 2] })] },
  ]);
  const one = (place: Parameters<typeof text>[1]): Uint8Array =>
    buildUpdate([{ client: 2, structs: [text('-', place)] }]);

  it('[GATE13] neighbours that can have stood next to each other are kept', () => {
    expect(placeOf(base, one({ origin: [1, 1], right: [1, 2] }))).toBe('1:1|1:2');
    expect(placeOf(base, one({ right: [1, 0] }))).toBe('-|1:0');
    expect(placeOf(base, one({ origin: [1, 5] }))).toBe('1:5|-');
    // Before X and Y, before Y, and next to them.
    expect(placeOf(written, one({ origin: [1, 1], right: [1, 2] }))).toBe('1:1|1:2');
    expect(placeOf(written, one({ origin: [5, 0], right: [1, 2] }))).toBe('5:0|1:2');
    expect(placeOf(written, one({ origin: [5, 0], right: [6, 0] }))).toBe('5:0|6:0');
    expect(placeOf(written, one({ origin: [6, 0], right: [1, 2] }))).toBe('6:0|1:2');
  });

  it.each([
    ['the same twice', { origin: [1, 3], right: [1, 3] }, '1:3|1:4'],
    ['twisted', { origin: [1, 4], right: [1, 2] }, '1:4|1:5'],
    ['the origin of the right one in between', { origin: [1, 1], right: [1, 5] }, '1:1|5:0'],
    ['the right one of the origin in between', { origin: [5, 0], right: [1, 3] }, '5:0|6:0'],
    ['no left one, where the right one has one', { right: [1, 3] }, '1:2|1:3'],
    ['no left one, where the right one came between others', { right: [6, 0] }, '5:0|6:0'],
    ['no right one, where the left one has one', { origin: [6, 0] }, '6:0|1:2'],
  ] as const)('[GATE13] neighbours that cannot have are replaced by such that can: %s', (_name, place, expected) => {
    expect(placeOf(written, one(place))).toBe(expected);
  });

  it('[GATE13] neighbours in different lists are replaced', () => {
    const lists = buildUpdate([{ client: 1, structs: [text('abcdef'), text('x', { parent: 'other' })] }]);
    expect(placeOf(lists, one({ origin: [1, 2], right: [1, 6] }))).toBe('1:2|1:3');
  });

  it('[GATE13] the order of new structs is told by what they stand between', () => {
    const place = (...structs: readonly ReturnType<typeof text>[]): string =>
      placeOf(base, buildUpdate([{ client: 2, structs }]));
    const first = text('1', { origin: [1, 2], right: [1, 3] });
    expect(place(first, text('2', { origin: [2, 0], right: [1, 3] }))).toBe('2:0|1:3');
    expect(place(first, text('2', { origin: [1, 2], right: [2, 0] }))).toBe('1:2|2:0');
    expect(place(first, text('2', { origin: [2, 0], right: [1, 2] }))).toBe('2:0|1:3');
    expect(place(text('abc', { parent: 'new' }), text('2', { origin: [2, 0], right: [2, 1] }))).toBe('2:0|2:1');
    expect(place(text('abc', { parent: 'new' }), text('2', { origin: [2, 2], right: [2, 1] }))).toBe('2:2|-');
    const typed = Array.from({ length: 100 }, (_, index) =>
      text('t', { origin: index === 0 ? [1, 2] : [2, index - 1], right: [1, 3] }),
    );
    expect(place(...typed)).toBe('2:98|1:3');
    expect(createGateSubject(base).judge(buildUpdate([{ client: 2, structs: typed }])).kind).toBe('accept');
  });

  it('[GATE13] where the order of concurrent structs decides, it is looked at once they are applied', () => {
    const siblings = [
      { client: 3, structs: [text('X', { origin: [1, 0], right: [1, 1] })] },
      { client: 4, structs: [text('Y', { origin: [1, 0], right: [1, 1] })] },
    ];
    const between = (origin: number, right: number): Uint8Array =>
      buildUpdate([...siblings, { client: 2, structs: [text('-', { origin: [origin, 0], right: [right, 0] })] }]);
    expect(createGateSubject(base).judge(between(3, 4)).kind).toBe('part');
    expect(placeOf(base, between(3, 4))).toBe('3:0|4:0');
    expect(placeOf(base, between(4, 3))).toBe('4:0|1:1');
    const subject = createGateSubject(base);
    subject.pass(between(3, 4));
    expect(read(subject.state.encode())).toBe('aX-Ybcdef');
  });

  it('[GATE13] neighbours are replaced in the ready part of a gap, and in the rest of a struct that is half known', () => {
    const subject = createGateSubject(base);
    const twisted = text('1', { origin: [1, 4], right: [1, 1] });
    const verdict = subject.pass(buildUpdate([{ client: 2, structs: [twisted, text('2', { origin: [7, 0] })] }]));
    expect(verdict.kind).toBe('gap');
    expect(read(subject.state.encode())).toBe('abcde1f');
    const half = createGateSubject(
      buildUpdate([
        { client: 1, structs: [text('abcdef')] },
        { client: 2, structs: [text('xy', { origin: [1, 4], right: [1, 5] })] },
      ]),
    );
    half.pass(buildUpdate([{ client: 2, structs: [text('xyz', { origin: [1, 4], right: [1, 1] })] }]));
    expect(read(half.state.encode())).toBe('abcdexyzf');
  });

  it('[GATE13] a struct next to collected ones is collected, whatever it stands between', () => {
    const subject = createGateSubject(buildUpdate([{ client: 1, structs: [text('abc'), gc(3)] }]));
    expect(subject.pass(one({ origin: [1, 4], right: [1, 1] })).kind).toBe('accept');
    expect(read(subject.state.encode())).toBe('abc');
  });
});
