import type { Editor } from '@tiptap/core';
import { isUneven } from './own-edits.ts';

const MARKS = ['bold', 'italic', 'underline', 'strike', 'code', 'link'] as const;
const BLOCKS = ['bulletList', 'orderedList', 'taskList', 'blockquote', 'codeBlock', 'table'] as const;

export type ToggleName = (typeof MARKS)[number] | (typeof BLOCKS)[number];

/** What the toolbar shows of the selection. */
export interface ToolbarState {
  readonly active: ReadonlySet<ToggleName>;
  /** 0 for plain text. */
  readonly heading: number;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Whether the table around the caret has rows of different length, as two edits at once may leave it. */
  readonly uneven: boolean;
}

/** Reads the state of the selection. */
export function readToolbarState(editor: Editor): ToolbarState {
  const level: unknown = editor.isActive('heading') ? editor.getAttributes('heading')['level'] : 0;
  return {
    active: new Set([...MARKS, ...BLOCKS].filter((name) => editor.isActive(name))),
    heading: typeof level === 'number' ? level : 0,
    canUndo: editor.can().undo(),
    canRedo: editor.can().redo(),
    uneven: isInUnevenTable(editor),
  };
}

function isInUnevenTable({ state }: Editor): boolean {
  const { $from } = state.selection;
  return Array.from({ length: $from.depth }, (_, depth) => $from.node(depth + 1)).some(isUneven);
}

/** Whether two states look the same. */
export function isSameToolbarState(a: ToolbarState, b: ToolbarState): boolean {
  return (
    a.heading === b.heading &&
    a.canUndo === b.canUndo &&
    a.canRedo === b.canRedo &&
    a.uneven === b.uneven &&
    a.active.size === b.active.size &&
    [...a.active].every((name) => b.active.has(name))
  );
}
