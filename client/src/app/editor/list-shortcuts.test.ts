import { getSchema } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import { EditorState } from '@tiptap/pm/state';
import { createSchemaExtensions } from '@scriptorium/shared/editor-schema';
import { describe, expect, it } from 'vitest';
import { checkTask, turnBulletIntoTask } from './list-shortcuts.ts';

const schema = getSchema(createSchemaExtensions());
const line = (text: string): object => ({ type: 'paragraph', content: [{ type: 'text', text }] });
const bullets = (...items: readonly (readonly object[])[]): object => ({
  type: 'bulletList',
  content: items.map((content) => ({ type: 'listItem', content })),
});
const tasks = (...items: readonly (readonly object[])[]): object => ({
  type: 'taskList',
  content: items.map((content) => ({ type: 'taskItem', content })),
});

/** Turns the bullet of the first line that reads `text`; the outline shows what is where. */
function turn(blocks: readonly object[], text: string, checked = false) {
  const { tr, at } = find(blocks, text);
  const done = turnBulletIntoTask(tr, at, checked);
  tr.doc.check();
  return { done, outline: outline(tr.doc), line: tr.selection.$from.parent.textContent };
}

function find(blocks: readonly object[], text: string) {
  const state = EditorState.create({ doc: schema.nodeFromJSON({ type: 'doc', content: blocks }) });
  let at = -1;
  state.doc.descendants((node, position) => {
    if (at === -1 && node.isTextblock && node.textContent === text) at = position + 1;
  });
  return { tr: state.tr, at };
}

function outline(node: Node): string {
  if (node.isTextblock) return node.textContent;
  const inner = node.children.map(outline).join(',');
  const box = node.attrs['checked'] === true ? 'x' : '';
  return node.type.name === 'doc' ? inner : `${node.type.name}${box}(${inner})`;
}

describe('[APP16] a box typed in a bullet', () => {
  it('makes a task of an only bullet, checked where the box is', () => {
    expect(turn([bullets([line('a')])], 'a').outline).toBe('taskList(taskItem(a))');
    expect(turn([bullets([line('a')])], 'a', true).outline).toBe('taskList(taskItemx(a))');
  });

  it('leaves the bullets before and after what they are', () => {
    const found = turn([bullets([line('a')], [line('b')], [line('c')])], 'b');
    expect(found.outline).toBe('bulletList(listItem(a)),taskList(taskItem(b)),bulletList(listItem(c))');
    expect(found.line).toBe('b');
  });

  it('keeps what is below the bullet', () => {
    const found = turn([bullets([line('a'), bullets([line('b')])])], 'a');
    expect(found.outline).toBe('taskList(taskItem(a,bulletList(listItem(b))))');
  });

  it('joins the task lists beside it', () => {
    const found = turn([tasks([line('a')]), bullets([line('b')]), tasks([line('c')])], 'b');
    expect(found.outline).toBe('taskList(taskItem(a),taskItem(b),taskItem(c))');
    expect(found.line).toBe('b');
  });

  it('works in a nested list', () => {
    expect(turn([bullets([line('a'), bullets([line('b')], [line('c')])])], 'b').outline).toBe(
      'bulletList(listItem(a,taskList(taskItem(b)),bulletList(listItem(c))))',
    );
  });

  it('checks the task that it is typed in', () => {
    const { tr, at } = find([tasks([line('a')], [line('b')])], 'b');
    expect(checkTask(tr, at, true)).toBe(true);
    expect(outline(tr.doc)).toBe('taskList(taskItem(a),taskItemx(b))');
    const elsewhere = find([bullets([line('a')])], 'a');
    expect(checkTask(elsewhere.tr, elsewhere.at, true)).toBe(false);
  });

  it('does nothing elsewhere: in no list, in a task, below the first line of a bullet', () => {
    expect(turn([line('a')], 'a').done).toBe(false);
    expect(turn([tasks([line('a')])], 'a').done).toBe(false);
    expect(turn([bullets([line('a'), line('b')])], 'b').done).toBe(false);
  });
});
