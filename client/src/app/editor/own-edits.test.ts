import { getSchema } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import { EditorState, type Transaction } from '@tiptap/pm/state';
import { fixTables } from '@tiptap/pm/tables';
import { createSchemaExtensions } from '@scriptorium/shared/editor-schema';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import { describe, expect, it } from 'vitest';
import { isUneven, mayApply } from './own-edits.ts';

const schema = getSchema(createSchemaExtensions());
const line = { type: 'paragraph' };

/** A table with rows of so many cells. */
function table(...rows: readonly number[]): object {
  return {
    type: 'table',
    content: rows.map((cells) => ({
      type: 'tableRow',
      content: Array.from({ length: cells }, () => ({ type: 'tableCell', content: [line] })),
    })),
  };
}

function open(...blocks: readonly object[]): EditorState {
  return EditorState.create({ doc: schema.nodeFromJSON({ type: 'doc', content: blocks }) });
}

/** What the plugin of tables answers to a transaction. */
function answer(state: EditorState, root: Transaction): Transaction {
  const fix = fixTables(state.apply(root));
  if (fix === undefined) throw new Error('nothing to even out');
  return fix;
}

function rows(document: Node): readonly number[] {
  return document.child(0).children.map(({ childCount }) => childCount);
}

describe('[APP22] what plugins add', () => {
  it('to a change of somebody else is left out', () => {
    const state = open(line);
    const root = state.tr
      .replaceWith(0, 2, schema.nodeFromJSON(table(2, 1)))
      .setMeta(ySyncPluginKey, { isChangeOrigin: true });
    expect(mayApply(root, root)).toBe(true);
    expect(mayApply(answer(state, root), root)).toBe(false);
  });

  it('to one’s own edit stays, when that broke what it mends', () => {
    const state = open(line);
    const root = state.tr.replaceWith(0, 2, schema.nodeFromJSON(table(2, 1)));
    const fix = answer(state, root);
    expect(rows(fix.doc)).toEqual([2, 2]);
    expect(mayApply(fix, root)).toBe(true);
  });

  it('to one’s own edit is left out, when a table was broken before: others may be mending it as well', () => {
    const state = open(table(2, 1), line);
    const end = state.doc.content.size - 1;
    const elsewhere = state.tr.insertText('x', end);
    expect(mayApply(answer(state, elsewhere), elsewhere)).toBe(false);
    // Behind the openings of the table, its first row, its cell and the line in it.
    const inside = state.tr.insertText('x', 4);
    expect(mayApply(answer(state, inside), inside)).toBe(false);
    const above = state.tr.insert(0, schema.nodeFromJSON(line));
    expect(mayApply(answer(state, above), above)).toBe(false);
  });

  it('without changing the document always stays', () => {
    const state = open(table(2, 1));
    const root = state.tr.setMeta(ySyncPluginKey, { isChangeOrigin: true });
    expect(mayApply(state.tr.setMeta('anything', 1), root)).toBe(true);
  });

  it('is asked for by hand where a table is uneven', () => {
    expect([table(2, 1), table(2, 2), line].map((block) => isUneven(schema.nodeFromJSON(block)))).toEqual([
      true,
      false,
      false,
    ]);
    const state = open(table(2, 1), line);
    const byHand = fixTables(state);
    expect(byHand !== undefined && mayApply(byHand, byHand)).toBe(true);
  });
});
