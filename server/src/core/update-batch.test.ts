import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createRandom, type Random } from '../../test/support/random.ts';
import { buildUpdate, item, text } from '../../test/support/update-builder.ts';
import { hasTrace, TRACE_NAMES, tracePath, traceUpdates } from '../../test/support/traces.ts';
import { storedUpdateLimits } from './limits.ts';
import { createUpdateBatches } from './update-batch.ts';
import { parseUpdate } from './update-parser.ts';

function batch(updates: readonly Uint8Array[]): readonly Uint8Array[] {
  const batches = createUpdateBatches();
  for (const update of updates) {
    const parsed = parseUpdate(update, storedUpdateLimits);
    if (parsed.kind !== 'parsed') throw new Error('a fixture is malformed');
    batches.add(parsed);
  }
  return batches.finish();
}

function structsIn(batches: readonly Uint8Array[]): number {
  return batches.reduce((sum, bytes) => sum + Y.decodeUpdate(bytes).structs.length, 0);
}

const string =
  (value: string) =>
  (encoder: encoding.Encoder): void => {
    encoding.writeVarString(encoder, value);
  };

/** The document that updates leave, applied in one transaction as a load does. */
function documentOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = 1;
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update);
  });
  return doc;
}

/** What people who do not always hear of each other at once send while they write, delete, format and nest. */
function writeTogether(random: Random, edits: number): readonly Uint8Array[] {
  const log: Uint8Array[] = [];
  const people = [11, 22, 33].map((client) => {
    const doc = new Y.Doc();
    doc.clientID = client;
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'log') log.push(update);
    });
    return { doc, heard: 0 };
  });
  for (let made = 0; made < edits; made += 1) {
    const person = people[random.below(people.length)];
    if (person === undefined) continue;
    if (random.below(3) > 0) {
      for (const update of log.slice(person.heard)) Y.applyUpdate(person.doc, update, 'log');
      person.heard = log.length;
    }
    edit(person.doc, random);
  }
  return log;
}

function edit(doc: Y.Doc, random: Random): void {
  const text = doc.getText('text');
  const at = random.below(text.length + 1);
  const length = Math.min(random.below(5) + 1, text.length - at);
  const choice = random.below(8);
  if (choice < 4 || length === 0) text.insert(at, 'word '.slice(0, random.below(5) + 1));
  else if (choice < 6) text.delete(at, length);
  else if (choice === 6) text.format(at, length, { bold: random.below(2) === 0 });
  else doc.getMap('map').set(`key${random.below(3)}`, new Y.Text(`nested ${random.below(9)}`));
}

describe('batches of updates', () => {
  it('[ROOM93] batches leave what the updates leave one by one, whoever wrote, deleted, formatted and nested', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const updates = writeTogether(createRandom(seed), 120);
      const [alone, together] = [documentOf(updates), documentOf(batch(updates))];
      expect(Y.encodeStateAsUpdate(together), `seed ${seed}`).toEqual(Y.encodeStateAsUpdate(alone));
      expect(together.store.pendingStructs, `seed ${seed}`).toBeNull();
      const asBytes = documentOf([Y.mergeUpdates([new Uint8Array([0, 0]), ...batch(updates)])]);
      expect(Y.encodeStateAsUpdate(asBytes), `seed ${seed}`).toEqual(Y.encodeStateAsUpdate(alone));
      expect(together.getText('text').toDelta(), `seed ${seed}`).toEqual(alone.getText('text').toDelta());
    }
  });

  it('[ROOM93] there are few of them, each sound by itself', () => {
    const updates = writeTogether(createRandom(7), 2_000);
    const batches = batch(updates);
    expect(updates.length).toBeGreaterThan(1_000);
    expect(batches).toHaveLength(1);
    expect(batches.map((bytes) => parseUpdate(bytes, storedUpdateLimits).kind)).toEqual(['parsed']);
  });

  it('[ROOM93] what was typed letter by letter is one struct, however long, until it goes on elsewhere', () => {
    const [ada, updates] = [new Y.Doc(), [] as Uint8Array[]];
    ada.clientID = 11;
    ada.on('update', (update: Uint8Array) => updates.push(update));
    const text = ada.getText('text');
    const type = (at: number, letters: string): void => {
      const behind = text.length - at;
      for (const letter of letters) text.insert(text.length - behind, letter);
    };
    for (const [length, structs] of [
      [20_000, 1],
      [127, 2],
      [129, 3],
    ] as const) {
      type(0, 'zażółć 😀 '.repeat(length).slice(0, length));
      expect(structsIn(batch(updates)), `${length} letters`).toBe(structs);
    }
    text.format(5, 3, { bold: true });
    text.delete(9, 4);
    type(7, 'within');
    expect(structsIn(batch(updates))).toBe(6);
    const [alone, together] = [documentOf(updates), documentOf(batch(updates))];
    expect(Y.encodeStateAsUpdate(together)).toEqual(Y.encodeStateAsUpdate(alone));
    expect(together.getText('text').toDelta()).toEqual(text.toDelta());
  });

  it('[ROOM93] texts of a map, of two people, and before different neighbours stay apart', () => {
    const one = text('a');
    const apart = [
      [one, item({ kind: 4, origin: [2, 0], content: string('b') })],
      [one, item({ kind: 4, origin: [1, 0], right: [2, 0], content: string('b') })],
      [one, item({ kind: 4, origin: [1, 0], key: 'k', content: string('b') })],
      [item({ kind: 4, parent: 'map', key: 'k', content: string('a') }), text('b', { origin: [1, 0] })],
      [one, item({ kind: 4, parent: 'text', content: string('b') })],
      [one, item({ kind: 5, origin: [1, 0], content: string('"b"') })],
    ];
    for (const [index, pair] of apart.entries()) {
      const updates = pair.map((struct, clock) => buildUpdate([{ client: 1, clock, structs: [struct] }]));
      expect(structsIn(batch(updates)), `pair ${index}`).toBe(2);
    }
    const joined = [one, text('b', { origin: [1, 0] })];
    expect(structsIn(batch(joined.map((it, clock) => buildUpdate([{ client: 1, clock, structs: [it] }]))))).toBe(1);
  });

  it('[ROOM93] a length that is written with more bytes than it takes stays as it came, and joins nothing', () => {
    const wide = (encoder: encoding.Encoder): void => {
      for (const byte of [0x81, 0x00, 0x61]) encoding.writeUint8(encoder, byte);
    };
    const updates = [
      buildUpdate([{ client: 9, structs: [text('gone')] }]),
      buildUpdate([], [{ client: 9, ranges: [[0, 4]] }]),
      buildUpdate([{ client: 1, structs: [item({ kind: 4, parent: 'text', content: wide })] }]),
      buildUpdate([{ client: 1, clock: 1, structs: [text('\0', { origin: [1, 0] })] }]),
    ];
    expect(structsIn(batch(updates))).toBe(3);
    expect(Y.encodeStateAsUpdate(documentOf(batch(updates)))).toEqual(Y.encodeStateAsUpdate(documentOf(updates)));
    const last = updates.with(2, buildUpdate([{ client: 1, structs: [text('a')] }]));
    const second = item({ kind: 4, origin: [1, 0], content: wide });
    const joined = last.with(3, buildUpdate([{ client: 1, clock: 1, structs: [second] }]));
    expect(structsIn(batch(joined))).toBe(2);
    expect(documentOf(batch(joined)).getText('text').toJSON()).toBe('aa');
  });

  it('[ROOM93] what does not go on where a client ended begins a new batch: what came twice, and what leaves a hole', () => {
    const updates = writeTogether(createRandom(3), 60);
    const [third = new Uint8Array()] = updates.slice(2);
    const doubled = [...updates.slice(0, 40), third, ...updates.slice(40)];
    expect(batch(doubled).length).toBeGreaterThan(1);
    expect(Y.encodeStateAsUpdate(documentOf(batch(doubled)))).toEqual(Y.encodeStateAsUpdate(documentOf(updates)));
    const holed = updates.toSpliced(20, 1);
    const [alone, together] = [documentOf(holed), documentOf(batch(holed))];
    expect(together.store.pendingStructs).not.toBeNull();
    expect(Y.encodeStateVector(together)).toEqual(Y.encodeStateVector(alone));
  });

  it('[ROOM93] one update stays as it came, and none makes none', () => {
    const [first = new Uint8Array()] = writeTogether(createRandom(1), 1);
    expect(batch([first])[0]).toBe(first);
    expect(batch([])).toEqual([]);
  });

  it('[ROOM93] a batch ends at a megabyte', () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    for (let index = 0; index < 5; index += 1) doc.getText('text').insert(0, 'x'.repeat(400_000));
    expect(batch(updates)).toHaveLength(3);
    expect(documentOf(batch(updates)).getText('text').length).toBe(2_000_000);
  });

  it.for(TRACE_NAMES)('[ROOM93] the recorded session %s is the same in batches', { timeout: 120_000 }, (name, ctx) => {
    if (!hasTrace(name)) return ctx.skip(`no recorded session at ${tracePath(name)}; set TEST_FIXTURES`);
    const { updates, endContent } = traceUpdates(name);
    const batches = batch(updates);
    expect(batches.length).toBeLessThan(updates.length / 100);
    expect(documentOf(batches).getText('text').toString()).toBe(endContent);
  });
});
