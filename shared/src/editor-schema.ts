import { type AnyExtension, Extension } from '@tiptap/core';
import { TaskItem, TaskList } from '@tiptap/extension-list';
import { TableKit } from '@tiptap/extension-table';
import { StarterKit } from '@tiptap/starter-kit';

/** Name of the XmlFragment that holds the rich text. */
export const EDITOR_FIELD = 'default';

const DIRECTIONS: readonly string[] = ['ltr', 'rtl'];

/** Each block finds its own writing direction, unless one was chosen for it; only a chosen one is stored. */
const BlockDirection = Extension.create({
  name: 'blockDirection',
  addGlobalAttributes() {
    return [
      {
        types: ['paragraph', 'heading'],
        attributes: {
          dir: {
            default: null,
            parseHTML: (element: { getAttribute(name: string): string | null }) => {
              const direction = element.getAttribute('dir');
              return direction !== null && DIRECTIONS.includes(direction) ? direction : null;
            },
            renderHTML: ({ dir }: Record<string, unknown>) => ({ dir: typeof dir === 'string' ? dir : 'auto' }),
          },
        },
      },
    ];
  },
});

/**
 * The nodes and marks of the bundled editor, without anything that belongs to one view of it. The binding deletes what
 * a schema does not know, so whatever is added or renamed here raises `SCHEMA_VERSION`, and nothing here is lazy.
 */
export function createSchemaExtensions(): AnyExtension[] {
  return [
    StarterKit.configure({
      heading: { levels: [1, 2, 3] },
      link: {
        openOnClick: false,
        defaultProtocol: 'https',
        HTMLAttributes: { rel: 'noopener noreferrer nofollow', target: '_blank' },
      },
      // The shared document has its own history, and only what a person does may change it: no node that appends itself.
      undoRedo: false,
      trailingNode: false,
      dropcursor: { class: 'drop-cursor', color: false },
    }),
    TaskList,
    TaskItem.configure({ nested: true }),
    TableKit.configure({ table: { resizable: false } }),
    BlockDirection,
  ];
}
