import type { Editor } from '@tiptap/core';

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
}

/** Reads the state of the selection. */
export function readToolbarState(editor: Editor): ToolbarState {
  const level: unknown = editor.isActive('heading') ? editor.getAttributes('heading')['level'] : 0;
  return {
    active: new Set([...MARKS, ...BLOCKS].filter((name) => editor.isActive(name))),
    heading: typeof level === 'number' ? level : 0,
    canUndo: editor.can().undo(),
    canRedo: editor.can().redo(),
  };
}

/** Whether two states look the same. */
export function isSameToolbarState(a: ToolbarState, b: ToolbarState): boolean {
  return (
    a.heading === b.heading &&
    a.canUndo === b.canUndo &&
    a.canRedo === b.canRedo &&
    a.active.size === b.active.size &&
    [...a.active].every((name) => b.active.has(name))
  );
}
