import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createGateSubject } from '../../test/support/gate-subject.ts';
import { createRandom, type Random } from '../../test/support/random.ts';
import { buildUpdate, item, type RawItem, text } from '../../test/support/update-builder.ts';
import { createMergedState, type MergedState } from '../rooms/merged-state.ts';
import { STRUCT_KIND } from './update-content.ts';
import type { Verdict } from './update-gate.ts';

type Struct = (encoder: encoding.Encoder) => void;
type Place = Pick<RawItem, 'origin' | 'right' | 'parent' | 'key'>;

const UNDER_KEY: Place = { parent: 'map', key: 'k' };

function letters(value: string, place: Place): Struct {
  return item({ kind: STRUCT_KIND.string, ...place, content: (encoder) => encoding.writeVarString(encoder, value) });
}

function values(count: number, place: Place, kind: 'any' | 'json' = 'any'): Struct {
  const write = (encoder: encoding.Encoder): void => {
    encoding.writeVarUint(encoder, count);
    for (let index = 0; index < count; index += 1) {
      if (kind === 'any') encoding.writeAny(encoder, index);
      else encoding.writeVarString(encoder, String(index));
    }
  };
  return item({ kind: STRUCT_KIND[kind], ...place, content: write });
}

function gone(length: number, place: Place): Struct {
  return item({ kind: STRUCT_KIND.deleted, ...place, content: (encoder) => encoding.writeVarUint(encoder, length) });
}

function outcome(verdict: Verdict): string {
  return verdict.kind === 'refuse' ? verdict.code : verdict.kind;
}

/** A document whose client 1 wrote one value under a key, and a list beside it. */
function createKeyedSubject() {
  return createGateSubject(buildUpdate([{ client: 1, structs: [letters('x', UNDER_KEY), text('list')] }]));
}

describe('values under a key', () => {
  const KEYED: readonly (readonly [name: string, structs: readonly Struct[]])[] = [
    ['text under its own key', [letters('ab', UNDER_KEY)]],
    ['a letter behind a known value, to which others could be joined,', [letters('a', { origin: [1, 0] })]],
    ['values under their own key', [values(2, UNDER_KEY)]],
    ['old values under their own key', [values(2, UNDER_KEY, 'json')]],
    ['text behind a known value', [letters('ab', { origin: [1, 0] })]],
    ['text before a known value', [letters('ab', { right: [1, 0] })]],
    ['text behind a value of the same update', [letters('a', UNDER_KEY), letters('bc', { origin: [2, 0] })]],
    [
      'text behind another that says nothing of a key',
      [letters('a', { origin: [1, 0] }), values(3, { origin: [2, 0] })],
    ],
  ];

  it.for(KEYED)('[GATE190] %s must have one part', ([, structs]) => {
    const update = buildUpdate([{ client: 2, structs }]);
    expect(outcome(createKeyedSubject().judge(update))).toBe('forbidden-update');
  });

  it('[GATE190] the rest of a value whose beginning is known must have one part', () => {
    const subject = createKeyedSubject();
    const longer = (length: number) => buildUpdate([{ client: 1, structs: [values(length, UNDER_KEY)] }]);
    const fresh = createGateSubject(longer(1));
    expect(outcome(fresh.judge(longer(2)))).toBe('accept');
    expect(outcome(fresh.judge(longer(3)))).toBe('forbidden-update');
    expect(outcome(subject.judge(longer(3)))).toBe('accept');
  });

  it('[GATE190] lists may have as many parts as they like, next to keys too', () => {
    const structs = [letters('ab', { origin: [1, 2] }), letters('ab', { right: [1, 1] }), letters('x', UNDER_KEY)];
    expect(outcome(createKeyedSubject().judge(buildUpdate([{ client: 2, structs }])))).toBe('accept');
  });

  it('[GATE191] what was overwritten passes as one, with its deletion, from an editor that keeps it', () => {
    const doc = new Y.Doc({ gc: false });
    for (const value of [1, 2, 3, 4]) doc.getMap('map').set('k', value);
    doc.getMap('map').delete('k');
    const update = Y.encodeStateAsUpdate(doc);
    expect(Y.decodeUpdate(update).structs.map(({ length }) => length)).toEqual([4]);
    const verdict = createGateSubject().pass(update);
    expect(verdict).toMatchObject({ kind: 'accept', update });
  });

  it('[GATE191] a deletion of only a part of it is none', () => {
    const update = (from: number, length: number) =>
      buildUpdate([{ client: 2, structs: [values(3, UNDER_KEY)] }], [{ client: 2, ranges: [[from, length]] }]);
    expect(outcome(createGateSubject().judge(update(0, 3)))).toBe('accept');
    for (const [from, length] of [
      [0, 2],
      [1, 2],
      [3, 3],
    ] as const) {
      const verdict = createGateSubject().judge(update(from, length));
      expect(outcome(verdict)).toBe('forbidden-update');
    }
  });

  it('[GATE191] its deletion goes in with it, when the rest of the update has to wait', () => {
    // More at one place than can be judged at once, behind the value.
    const structs = [values(2, UNDER_KEY), ...Array.from({ length: 400 }, () => text('x'))];
    const subject = createGateSubject(buildUpdate([{ client: 9, structs: [text('known')] }]));
    const update = buildUpdate([{ client: 2, structs }], [{ client: 2, ranges: [[0, 2]] }]);
    const first = subject.judge(update);
    if (first.kind !== 'part') throw new Error(`the update is no crowd: ${outcome(first)}`);
    subject.state.apply(first.update);
    expect(deletesOf(subject.state).clients.get(2)).toMatchObject([{ clock: 0, len: 2 }]);
    expect(outcome(subject.pass(update))).toBe('accept');
    expect(reloads(subject.state)).toBe(true);
  });

  it('[GATE192] whatever passes of values under keys, however divided and deleted, reloads with the same deletions', () => {
    let accepted = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = createRandom(seed);
      const subject = createGateSubject();
      for (let step = 0; step < 25; step += 1) {
        const verdict = subject.pass(makeKeyedUpdate(random, subject.state));
        if (verdict.kind === 'accept') accepted += 1;
        expect(reloads(subject.state), `seed ${seed}, step ${step}`).toBe(true);
      }
    }
    expect(accepted).toBeGreaterThan(200);
  });
});

function deletesOf(state: MergedState) {
  return Y.decodeUpdate(state.encode()).ds;
}

/** Whether a document made from the encoded state counts the same as written, and as deleted. */
function reloads(state: MergedState): boolean {
  const reloaded = createMergedState();
  reloaded.apply(state.encode());
  const isSame =
    Y.equalDeleteSets(deletesOf(state), deletesOf(reloaded)) &&
    Buffer.compare(state.stateVector(), reloaded.stateVector()) === 0;
  reloaded.destroy();
  return isSame;
}

/** Structs of all kinds under few keys, behind and before each other in the middle too, and some of them deleted. */
function makeKeyedUpdate(random: Random, state: MergedState): Uint8Array {
  const client = 1 + random.below(3);
  const first = state.clock(client);
  let clock = first;
  const structs: Struct[] = [];
  const ranges: [number, number][] = [];
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const length = random.chance(0.7) ? 1 : 2 + random.below(2);
    structs.push(makeStruct(random, length, makePlace(random, { state, client, clock })));
    if (random.chance(length > 1 ? 0.8 : 0.2)) ranges.push([clock, random.chance(0.8) ? length : 1]);
    clock += length;
  }
  const deletes = [{ client, ranges }];
  const other = 1 + random.below(3);
  const known = state.clock(other);
  if (known > 0 && other !== client && random.chance(0.3))
    deletes.push({ client: other, ranges: [[random.below(known), 1]] });
  return buildUpdate([{ client, clock: first, structs }], deletes);
}

function makeStruct(random: Random, length: number, place: Place): Struct {
  const kind = random.below(4);
  if (kind === 0) return letters('abc'.slice(0, length), place);
  return kind === 1 ? gone(length, place) : values(length, place, kind === 2 ? 'any' : 'json');
}

/** A key of its own, or a place at any clock unit that is known or stands before it in the update. */
function makePlace(
  random: Random,
  { state, client, clock }: { readonly state: MergedState; readonly client: number; readonly clock: number },
): Place {
  const pick = (): [number, number] | null => {
    const other = 1 + random.below(3);
    const known = other === client ? clock : state.clock(other);
    return known === 0 ? null : [other, random.below(known)];
  };
  const one = random.chance(0.7) ? pick() : null;
  if (one === null) return { parent: 'map', key: random.pick(['k', 'l']) };
  return random.chance(0.6) ? { origin: one } : { right: one };
}
