import { Extension, InputRule } from '@tiptap/core';
import { Fragment, type Node, type ResolvedPos } from '@tiptap/pm/model';
import { TextSelection, type Transaction } from '@tiptap/pm/state';
import { canJoin } from '@tiptap/pm/transform';

/** `[ ] `, `[] ` or `[x] ` at the start of a line, also with the bullet before it. */
const BOX = /^(?:[-*+]\s)?\[([ xX]?)\]\s$/;
const BULLET = /^[-*+]\s$/;
const NUMBER = /^\d{1,9}[.)]\s$/;

/**
 * Takes Markdown's marks inside lists as they are meant: a box makes a task of a bullet, or checks the task it is typed
 * in, and the mark of the list that one is in already is not written out.
 */
export const ListShortcuts = Extension.create({
  name: 'listShortcuts',
  addInputRules() {
    return [
      new InputRule({
        find: BOX,
        handler: ({ state, range, match }) => {
          const { tr } = state;
          const checked = (match[1] ?? '').toLowerCase() === 'x';
          tr.delete(range.from, range.to);
          const done = checkTask(tr, range.from, checked) || turnBulletIntoTask(tr, range.from, checked);
          return done ? undefined : null;
        },
      }),
      createSwallowRule(BULLET, 'bulletList'),
      createSwallowRule(NUMBER, 'orderedList'),
    ];
  },
});

function createSwallowRule(find: RegExp, list: string): InputRule {
  return new InputRule({
    find,
    handler: ({ state, range }) => {
      const place = findItem(state.doc.resolve(range.from));
      // With text behind it, it is a dash or a number that somebody wants.
      if (place?.list.type.name !== list || state.doc.resolve(range.to).nodeAfter !== null) return null;
      state.tr.delete(range.from, range.to);
      return undefined;
    },
  });
}

/** Sets the box of the task whose first line `position` is in. Returns whether there is one. */
export function checkTask(tr: Transaction, position: number, checked: boolean): boolean {
  const place = findItem(tr.doc.resolve(position));
  if (place === null || place.item.type.name !== 'taskItem') return false;
  tr.setNodeAttribute(place.itemStart, 'checked', checked);
  return true;
}

/** Makes a task of the bullet whose first line `position` is in. Returns whether there is such a bullet. */
export function turnBulletIntoTask(tr: Transaction, position: number, checked: boolean): boolean {
  const $line = tr.doc.resolve(position);
  const place = findItem($line);
  if (place === null || place.list.type.name !== 'bulletList' || place.item.type.name !== 'listItem') return false;
  const { list, item, index, start } = place;
  const { taskList, taskItem } = tr.doc.type.schema.nodes;
  if (taskList === undefined || taskItem === undefined) return false;
  const before = sliceList(list, 0, index);
  const task = taskList.create(null, taskItem.create({ checked }, item.content));
  tr.replaceWith(start, start + list.nodeSize, [...before, task, ...sliceList(list, index + 1, list.childCount)]);
  const taskStart = start + (before[0]?.nodeSize ?? 0);
  // Behind the list's, the item's and the line's opening.
  tr.setSelection(TextSelection.create(tr.doc, taskStart + 3 + $line.parentOffset));
  // The lower border first: the upper one moves what is below it.
  for (const border of [taskStart + task.nodeSize, taskStart]) joinTaskLists(tr, border);
  return true;
}

/** An item of a list. */
interface Place {
  readonly list: Node;
  readonly item: Node;
  readonly index: number;
  /** Where the list begins. */
  readonly start: number;
  readonly itemStart: number;
}

/** The item whose first line this is in. */
function findItem($line: ResolvedPos): Place | null {
  const depth = $line.depth - 2;
  if (depth < 1 || $line.index(depth + 1) !== 0) return null;
  const [list, item] = [$line.node(depth), $line.node(depth + 1)];
  return { list, item, index: $line.index(depth), start: $line.before(depth), itemStart: $line.before(depth + 1) };
}

function sliceList(list: Node, from: number, to: number): readonly Node[] {
  if (from === to) return [];
  return [list.copy(Fragment.fromArray(list.children.slice(from, to)))];
}

function joinTaskLists(tr: Transaction, border: number): void {
  const { nodeBefore, nodeAfter } = tr.doc.resolve(border);
  const both = nodeBefore?.type.name === 'taskList' && nodeAfter?.type.name === 'taskList';
  if (both && canJoin(tr.doc, border)) tr.join(border);
}
