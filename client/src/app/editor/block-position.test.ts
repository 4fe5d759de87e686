import { getSchema } from '@tiptap/core';
import { EditorState, Plugin } from '@tiptap/pm/state';
import { createSchemaExtensions, EDITOR_FIELD } from '@scriptorium/shared/editor-schema';
import { prosemirrorJSONToYXmlFragment, ySyncPluginKey, yXmlFragmentToProseMirrorRootNode } from '@tiptap/y-tiptap';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { findBlockPosition } from './block-position.ts';
import { findWords } from './found-block.ts';

const schema = getSchema(createSchemaExtensions());
const line = (text: string): object => ({ type: 'paragraph', content: [{ type: 'text', text }] });
const list = (...texts: readonly string[]): object => ({
  type: 'bulletList',
  content: texts.map((text) => ({ type: 'listItem', content: [line(text)] })),
});

/** The editor's state over a shared document, as the binding would have it. */
function stateOf(doc: Y.Doc): EditorState {
  const type = doc.getXmlFragment(EDITOR_FIELD);
  const sync = new Plugin({ key: ySyncPluginKey, state: { init: () => ({ doc, type }), apply: (_, value) => value } });
  return EditorState.create({ doc: yXmlFragmentToProseMirrorRootNode(type, schema), plugins: [sync] });
}

function newDocument(...blocks: readonly object[]): Y.Doc {
  const doc = new Y.Doc();
  const fragment = doc.getXmlFragment(EDITOR_FIELD);
  prosemirrorJSONToYXmlFragment(schema, { type: 'doc', content: blocks }, fragment);
  return doc;
}

function addressOf(doc: Y.Doc, path: readonly number[]): string {
  let type: Y.XmlFragment = doc.getXmlFragment(EDITOR_FIELD);
  for (const at of path) type = type.get(at) as Y.XmlElement;
  const id = type._item?.id;
  return `${id?.client}:${id?.clock}`;
}

describe('[APP75] a block by its address', () => {
  it('is found where it stands, inside of others too, and where it moved since', () => {
    const doc = newDocument(line('one'), list('two', 'three'), line('four'));
    const textAt = (path: readonly number[], state = stateOf(doc)): string | undefined => {
      const position = findBlockPosition(state, addressOf(doc, path));
      return position === null ? undefined : state.doc.nodeAt(position)?.textContent;
    };
    expect([textAt([0]), textAt([1]), textAt([1, 1, 0]), textAt([2])]).toEqual(['one', 'twothree', 'three', 'four']);
    const address = addressOf(doc, [2]);
    doc.getXmlFragment(EDITOR_FIELD).insert(0, [new Y.XmlElement('paragraph'), new Y.XmlElement('paragraph')]);
    const moved = stateOf(doc);
    expect(moved.doc.nodeAt(findBlockPosition(moved, address) ?? -1)?.textContent).toBe('four');
  });

  it('is not there once it was deleted, before it has come, and where the address is none', () => {
    const doc = newDocument(line('one'), line('two'));
    const address = addressOf(doc, [1]);
    doc.getXmlFragment(EDITOR_FIELD).delete(1, 1);
    const state = stateOf(doc);
    for (const unknown of [address, '1:0', `${doc.clientID}:99999`, 'root:text', '', ':']) {
      expect(findBlockPosition(state, unknown)).toBeNull();
    }
  });

  it('and the words that were found in it, in their order', () => {
    const node = schema.nodeFromJSON({
      type: 'paragraph',
      content: [{ type: 'text', text: 'sea ' }, { type: 'hardBreak' }, { type: 'text', text: 'and sky and sea' }],
    });
    expect(findWords(node, ['sky', 'sea', ''])).toEqual([
      { from: 0, to: 3 },
      { from: 9, to: 12 },
      { from: 17, to: 20 },
    ]);
  });
});
