import type { ChainedCommands, Editor } from '@tiptap/core';
import type { MenuGroup } from '../ui/menu.tsx';
import type { ToggleName, ToolbarState } from './toolbar-state.ts';

/** Runs a command on the selection, with the focus back in the text. */
export function runCommand(editor: Editor, command: (chain: ChainedCommands) => ChainedCommands): void {
  command(editor.chain()).run();
  // At once: what is typed next belongs into the text.
  editor.view.focus();
}

/** What the buttons that are on or off do. */
export const TOGGLES: Readonly<
  Record<Exclude<ToggleName, 'link' | 'table'>, (chain: ChainedCommands) => ChainedCommands>
> = {
  bold: (chain) => chain.toggleBold(),
  italic: (chain) => chain.toggleItalic(),
  underline: (chain) => chain.toggleUnderline(),
  strike: (chain) => chain.toggleStrike(),
  code: (chain) => chain.toggleCode(),
  bulletList: (chain) => chain.toggleBulletList(),
  orderedList: (chain) => chain.toggleOrderedList(),
  taskList: (chain) => chain.toggleTaskList(),
  blockquote: (chain) => chain.toggleBlockquote(),
  codeBlock: (chain) => chain.toggleCodeBlock(),
};

export const BLOCK_NAMES = ['Text', 'Heading 1', 'Heading 2', 'Heading 3'] as const;

const HEADING_LEVELS = [1, 2, 3] as const;

/** The kinds of block that a paragraph can be. */
export function listBlockChoices(editor: Editor, state: ToolbarState): readonly MenuGroup[] {
  const text = {
    label: BLOCK_NAMES[0],
    chosen: state.heading === 0,
    onSelect: () => {
      runCommand(editor, (chain) => chain.setParagraph());
    },
  };
  const headings = HEADING_LEVELS.map((level) => ({
    label: `Heading ${level}`,
    chosen: state.heading === level,
    onSelect: () => {
      runCommand(editor, (chain) => chain.setHeading({ level }));
    },
  }));
  return [{ items: [text, ...headings] }];
}

/** What can be done with the table around the caret, or a new one. */
export function listTableActions(editor: Editor, { active, uneven }: ToolbarState): readonly MenuGroup[] {
  const action = (label: string, command: (chain: ChainedCommands) => ChainedCommands, danger = false) => ({
    label,
    danger,
    onSelect: () => {
      runCommand(editor, command);
    },
  });
  if (!active.has('table')) {
    return [
      { items: [action('Insert table', (chain) => chain.insertTable({ rows: 3, cols: 3, withHeaderRow: true }))] },
    ];
  }
  return [
    {
      heading: 'Row',
      items: [
        action('Row above', (chain) => chain.addRowBefore()),
        action('Row below', (chain) => chain.addRowAfter()),
        action('Delete row', (chain) => chain.deleteRow(), true),
      ],
    },
    {
      heading: 'Column',
      items: [
        action('Column to the left', (chain) => chain.addColumnBefore()),
        action('Column to the right', (chain) => chain.addColumnAfter()),
        action('Delete column', (chain) => chain.deleteColumn(), true),
      ],
    },
    {
      heading: 'Table',
      items: [
        action('Header row on or off', (chain) => chain.toggleHeaderRow()),
        ...(uneven ? [action('Even out the rows', (chain) => chain.fixTables())] : []),
        action('Delete table', (chain) => chain.deleteTable(), true),
      ],
    },
  ];
}
