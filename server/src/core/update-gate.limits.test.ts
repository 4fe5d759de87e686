import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { measureCpu } from '../../test/support/cpu-time.ts';
import { createGateSubject } from '../../test/support/gate-subject.ts';
import { buildUpdate, gc, text, type } from '../../test/support/update-builder.ts';
import { defaultUpdateLimits } from './limits.ts';
import type { Verdict } from './update-gate.ts';

/** A document in which client 1 wrote a text. */
function textDoc(content: string): Uint8Array {
  return buildUpdate([{ client: 1, structs: [text(content)] }]);
}

function read(encoded: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, encoded);
  return doc.getText('text').toString();
}

function codeOf(verdict: Verdict): string {
  return verdict.kind === 'refuse' ? verdict.code : verdict.kind;
}

describe('what a document may become', () => {
  it('[GATE5] a document has at most 64 roots', () => {
    const roots = (from: number, to: number) =>
      buildUpdate([
        {
          client: 1 + from,
          structs: Array.from({ length: to - from }, (_, index) => text('x', { parent: `r${from + index}` })),
        },
      ]);
    const subject = createGateSubject();
    expect(subject.pass(roots(0, 60)).kind).toBe('accept');
    expect(codeOf(subject.judge(roots(60, 65)))).toBe('limit-exceeded');
    expect(subject.pass(roots(60, 64)).kind).toBe('accept');
    expect(codeOf(subject.judge(buildUpdate([{ client: 99, structs: [text('x', { parent: 'one more' })] }])))).toBe(
      'limit-exceeded',
    );
    expect(subject.pass(buildUpdate([{ client: 99, structs: [text('x', { parent: 'r3' })] }])).kind).toBe('accept');
  });

  it('[GATE5] a document has at most as many clients as the limit', () => {
    const subject = createGateSubject(undefined, { limits: { ...defaultUpdateLimits, clients: 3 } });
    const client = (id: number) => buildUpdate([{ client: id, structs: [gc(1)] }]);
    for (const id of [1, 2, 3]) expect(subject.pass(client(id)).kind).toBe('accept');
    expect(codeOf(subject.judge(client(4)))).toBe('limit-exceeded');
    expect(subject.pass(buildUpdate([{ client: 3, clock: 1, structs: [gc(1)] }])).kind).toBe('accept');
  });

  it('[GATE5] shared types are nested at most 64 deep, in one update and over several (deepTypes30k)', () => {
    const chain = (count: number, from = 0) =>
      Array.from({ length: count }, (_, index) =>
        type(3, from + index === 0 ? { parent: 'xml' } : { parent: [1, from + index - 1] }),
      );
    expect(createGateSubject().pass(buildUpdate([{ client: 1, structs: chain(64) }])).kind).toBe('accept');
    expect(codeOf(createGateSubject().judge(buildUpdate([{ client: 1, structs: chain(65) }])))).toBe('limit-exceeded');
    expect(codeOf(createGateSubject().judge(buildUpdate([{ client: 1, structs: chain(30_000) }])))).toBe(
      'limit-exceeded',
    );
    const subject = createGateSubject(buildUpdate([{ client: 1, structs: chain(64) }]));
    expect(codeOf(subject.judge(buildUpdate([{ client: 2, structs: [type(3, { parent: [1, 63] })] }])))).toBe(
      'limit-exceeded',
    );
    expect(subject.pass(buildUpdate([{ client: 2, structs: [text('leaf', { parent: [1, 63] })] }])).kind).toBe(
      'accept',
    );
    // A sibling of the deepest is as deep as it, a type inside the sibling too deep.
    const sibling = [type(3, { origin: [1, 63] }), type(3, { parent: [3, 0] })];
    expect(codeOf(subject.judge(buildUpdate([{ client: 3, structs: sibling }])))).toBe('limit-exceeded');
    expect(subject.pass(buildUpdate([{ client: 3, structs: sibling.slice(0, 1) }])).kind).toBe('accept');
  });

  it('[GATE5] types beside each other are not deep, however long the chain of origins', () => {
    const structs = Array.from({ length: 20_000 }, (_, index) =>
      type(3, index === 0 ? { parent: 'xml' } : { origin: [1, index - 1] }),
    );
    expect(createGateSubject().pass(buildUpdate([{ client: 1, structs: structs }])).kind).toBe('accept');
  });

  it('[GATE12] structs of a deleted incarnation are refused, unless they are known again', () => {
    const tombstone = new Map([[1, 5]]);
    const subject = createGateSubject(undefined, { tombstone });
    expect(codeOf(subject.judge(textDoc('hello')))).toBe('tombstoned-content');
    expect(codeOf(subject.judge(buildUpdate([{ client: 1, clock: 3, structs: [gc(2)] }])))).toBe('tombstoned-content');
    // What needs buried structs can never become ready, so waiting would be for ever.
    expect(codeOf(subject.judge(buildUpdate([{ client: 2, structs: [text('x', { origin: [1, 4] })] }])))).toBe(
      'tombstoned-content',
    );
    expect(codeOf(subject.judge(buildUpdate([{ client: 1, clock: 5, structs: [gc(2)] }])))).toBe('tombstoned-content');
    expect(codeOf(subject.judge(buildUpdate([], [{ client: 1, ranges: [[0, 2]] }])))).toBe('tombstoned-content');
    expect(subject.pass(buildUpdate([{ client: 2, structs: [text('new')] }])).kind).toBe('accept');
    expect(createGateSubject(textDoc('hello'), { tombstone }).judge(textDoc('hello')).kind).toBe('accept');
  });
});

describe('the work of merging', () => {
  /** Client 2 put `count` structs behind the first letter, each in front of the one before; client 3 one before each. */
  const fronted = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      text('f', { origin: [1, 0], right: index === 0 ? [1, 1] : [2, index - 1] }),
    );
  const crowd = (count: number) =>
    Array.from({ length: count }, (_, index) => text('c', { origin: [1, 0], right: [2, index] }));

  it('[GATE14] a crowd at one place is refused before it blocks the server', () => {
    const subject = createGateSubject(textDoc('xx'));
    expect(subject.pass(buildUpdate([{ client: 2, structs: fronted(20_000) }])).kind).toBe('accept');
    const cost = measureCpu(() => {
      expect(codeOf(subject.pass(buildUpdate([{ client: 3, structs: crowd(20_000) }])))).toBe('limit-exceeded');
    });
    expect(cost).toBeLessThan(4000);
  });

  it('[GATE14] a crowd that comes in one update is refused as well, a small one is not', () => {
    const both = (count: number): Uint8Array =>
      buildUpdate([
        { client: 3, structs: crowd(count) },
        { client: 2, structs: fronted(count) },
      ]);
    const cost = measureCpu(() => {
      expect(codeOf(createGateSubject(textDoc('xx')).pass(both(20_000)))).toBe('limit-exceeded');
    });
    expect(cost).toBeLessThan(4000);
    expect(createGateSubject(textDoc('xx')).pass(both(300)).kind).toBe('accept');
  });

  it('[GATE14] a crowd in which each struct has another origin does not block the server', () => {
    const count = 20_000;
    const chain = Array.from({ length: count }, (_, index) =>
      text('c', { origin: index === 0 ? [1, 0] : [2, index - 1], right: [1, 1] }),
    );
    const walkers = Array.from({ length: count }, (_, index) => text('w', { origin: [2, index], right: [1, 1] }));
    const update = buildUpdate([
      { client: 2, structs: chain },
      { client: 3, structs: walkers },
    ]);
    const subject = createGateSubject(textDoc('xx'));
    const cost = measureCpu(() => {
      expect(['accept', 'limit-exceeded']).toContain(codeOf(subject.pass(update)));
    });
    expect(cost).toBeLessThan(4000);
  });

  it('[GATE14] typing, and putting things in front, cost nothing however many they are', () => {
    const typed = Array.from({ length: 20_000 }, (_, index) =>
      text('t', { origin: index === 0 ? [1, 0] : [2, index - 1], right: [1, 1] }),
    );
    const fronted = Array.from({ length: 20_000 }, (_, index) =>
      text('f', { right: index === 0 ? [1, 0] : [3, index - 1] }),
    );
    const subject = createGateSubject(textDoc('xx'));
    const verdict = subject.judge(
      buildUpdate([
        { client: 3, structs: fronted },
        { client: 2, structs: typed },
      ]),
    );
    expect(verdict.kind).toBe('accept');
  });

  it('[GATE14] delete ranges in the worst order are applied in the best', () => {
    const subject = createGateSubject(textDoc('x'.repeat(40_000)));
    const ranges = Array.from({ length: 20_000 }, (_, index) => [2 * (19_999 - index), 1] as const);
    const cost = measureCpu(() => {
      expect(subject.pass(buildUpdate([], [{ client: 1, ranges }])).kind).toBe('accept');
    });
    expect(cost).toBeLessThan(4000);
    expect(read(subject.state.encode())).toHaveLength(20_000);
  });

  it('[GATE14] deletions that merge thousands of neighbours one by one are refused', () => {
    const subject = createGateSubject(textDoc('x'.repeat(200_000)));
    const every = (offset: number, step: number, count: number) =>
      buildUpdate(
        [],
        [{ client: 1, ranges: Array.from({ length: count }, (_, index) => [offset + step * index, 1] as const) }],
      );
    subject.state.apply(every(0, 2, 100_000));
    expect(codeOf(subject.judge(every(1, 4, 50_000)))).toBe('limit-exceeded');
    // Deleting all of it merges everything at once.
    expect(
      subject.pass(
        buildUpdate(
          [],
          [{ client: 1, ranges: Array.from({ length: 100_000 }, (_, index) => [2 * index + 1, 1] as const) }],
        ),
      ).kind,
    ).toBe('accept');
  });
});
