import { getSchema } from '@tiptap/core';
import { Slice, type Node } from '@tiptap/pm/model';
import { EditorState, TextSelection, type Transaction } from '@tiptap/pm/state';
import { ReplaceStep, type Step } from '@tiptap/pm/transform';
import { createSchemaExtensions } from '@scriptorium/shared/editor-schema';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import { describe, expect, it } from 'vitest';
import { narrowTransaction } from './remote-changes.ts';

const schema = getSchema(createSchemaExtensions());

const line = (text: string): object => ({ type: 'paragraph', content: text === '' ? [] : [{ type: 'text', text }] });
const heading = (text: string): object => ({ ...line(text), type: 'heading', attrs: { level: 2 } });
const list = (...items: readonly string[]): object => ({
  type: 'bulletList',
  content: items.map((text) => ({ type: 'listItem', content: [line(text)] })),
});

function read(blocks: readonly object[]): Node {
  return schema.nodeFromJSON({ type: 'doc', content: blocks });
}

/** As the binding does it: the whole document is replaced by one made of new nodes. */
function replaceAll(state: EditorState, after: Node, isUndoRedoOperation = false): Transaction {
  return state.tr
    .replace(0, state.doc.content.size, new Slice(after.content, 0, 0))
    .setMeta(ySyncPluginKey, { isChangeOrigin: true, isUndoRedoOperation });
}

function narrow(before: readonly object[], after: readonly object[]) {
  const state = EditorState.create({ doc: read(before) });
  const whole = replaceAll(state, read(after));
  // The binding has a shared type for each block; where the block begins will do for one.
  const mapping = new Map<unknown, unknown>();
  whole.doc.descendants((node, position) => void (node.isBlock && mapping.set(position, node)));
  const transaction = narrowTransaction(state, whole, mapping);
  return { state, transaction, mapping, touched: transaction.steps.map(countBlocks) };
}

/** How many blocks a step puts in. */
function countBlocks(step: Step): number {
  return step instanceof ReplaceStep ? step.slice.content.childCount : 0;
}

describe('[APP18] a change of somebody else', () => {
  it('replaces only the blocks that differ, and keeps the others as they are', () => {
    const { state, transaction, touched } = narrow(
      [line('a'), line('b'), line('c')],
      [line('a'), line('B'), line('c')],
    );
    expect(touched).toEqual([1]);
    expect(transaction.doc.child(0)).toBe(state.doc.child(0));
    expect(transaction.doc.child(1).textContent).toBe('B');
    expect(transaction.doc.child(2)).toBe(state.doc.child(2));
    expect(transaction.mapping.map(state.doc.content.size - 1)).toBe(state.doc.content.size - 1);
  });

  it('replaces nothing where nothing differs', () => {
    expect(narrow([line('a'), list('b')], [line('a'), list('b')]).transaction.steps).toEqual([]);
  });

  it('finds the one item of a long list', () => {
    const items = Array.from({ length: 50 }, (_, index) => `item ${index}`);
    const { state, transaction, touched } = narrow([list(...items)], [list(...items.with(20, 'changed'))]);
    expect(touched).toEqual([1]);
    expect(transaction.doc.child(0).child(21)).toBe(state.doc.child(0).child(21));
  });

  it('tells the binding which blocks are in the document now', () => {
    const { transaction, mapping } = narrow(
      [line('a'), list('b', 'c'), line('d')],
      [line('a'), list('b', 'C'), line('e')],
    );
    const { doc } = transaction;
    // The kept line, the opened list, its kept and its opened item, the replaced line.
    const places = [0, 3, 4, 9, 10, 15];
    expect(places.map((place) => doc.nodeAt(place)?.type.name)).toEqual([
      'paragraph',
      'bulletList',
      'listItem',
      'listItem',
      'paragraph',
      'paragraph',
    ]);
    expect(places.filter((place) => mapping.get(place) !== doc.nodeAt(place))).toEqual([]);
  });

  it('ends in the same document as the binding means, whatever the change is', () => {
    const random = createRandom(20_261_127);
    for (let round = 0; round < 2_000; round += 1) {
      const before = randomBlocks(random);
      const after = random() < 0.5 ? mutate(before, random) : randomBlocks(random);
      const { transaction } = narrow(before, after);
      transaction.doc.check();
      expect(transaction.doc.toJSON(), `round ${round}`).toEqual(read(after).toJSON());
    }
  });

  it('leaves the caret where the binding puts it, and the format that waits for the next letter', () => {
    const bold = schema.marks['bold']?.create();
    const doc = read([line('one'), line('two')]);
    const start = EditorState.create({ doc, selection: TextSelection.create(doc, 7) });
    const state = start.apply(start.tr.setStoredMarks(bold === undefined ? [] : [bold]));
    const place = (transaction: Transaction): Transaction =>
      transaction.setSelection(TextSelection.create(transaction.doc, 11));
    const after = read([line('one, and'), line('two')]);
    const others = narrowTransaction(state, place(replaceAll(state, after)), new Map());
    expect(others.selection.head).toBe(11);
    expect(state.apply(others).storedMarks?.map(({ type }) => type.name)).toEqual(['bold']);
    const undone = narrowTransaction(state, place(replaceAll(state, after, true)), new Map());
    expect(state.apply(undone).storedMarks).toBe(null);
  });
});

type Random = () => number;

/** Mulberry32, so that a failing round can be seen again. */
function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

function randomBlock(random: Random): object {
  const word = (): string => pick(random, ['', 'a', 'b', 'ab', 'a b c']);
  const words = Array.from({ length: 1 + Math.floor(random() * 4) }, word);
  return pick(random, [
    line(word()),
    heading(word()),
    list(...words),
    { type: 'blockquote', content: words.map(line) },
  ]);
}

function randomBlocks(random: Random): readonly object[] {
  return Array.from({ length: 1 + Math.floor(random() * 6) }, () => randomBlock(random));
}

function mutate(blocks: readonly object[], random: Random): readonly object[] {
  const at = Math.floor(random() * blocks.length);
  const changed = [...blocks];
  if (random() < 0.3 && blocks.length > 1) changed.splice(at, 1);
  else if (random() < 0.5) changed.splice(at, 0, randomBlock(random));
  else changed[at] = randomBlock(random);
  return changed;
}
