import { getSchema } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import { createSchemaExtensions, EDITOR_FIELD } from '@scriptorium/shared/editor-schema';
import { updateYFragment, yXmlFragmentToProseMirrorRootNode, ySyncPluginKey } from '@tiptap/y-tiptap';
import { describe, expect, it } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate, UndoManager, XmlElement, XmlText } from 'yjs';
import { fillEmptyBlocks } from './empty-block-text.ts';

const schema = getSchema(createSchemaExtensions());

/** A document, written to as the binding of an editor does it. */
class Writer {
  readonly doc = new Doc();
  readonly fragment = this.doc.getXmlFragment(EDITOR_FIELD);

  constructor(clientID: number, { fills }: { readonly fills: boolean }) {
    this.doc.clientID = clientID;
    if (fills) fillEmptyBlocks(this.doc, schema);
  }

  read(): Node {
    return yXmlFragmentToProseMirrorRootNode(this.fragment, schema);
  }

  write(blocks: readonly object[]): void {
    const content = schema.nodeFromJSON({ type: 'doc', content: blocks });
    this.doc.transact(() => {
      updateYFragment(this.doc, this.fragment, content, { mapping: new Map(), isOMark: new Map() });
    }, ySyncPluginKey);
  }

  take(other: Writer): void {
    applyUpdate(this.doc, encodeStateAsUpdate(other.doc));
    this.read();
  }
}

function line(text: string): object {
  return { type: 'paragraph', ...(text === '' ? {} : { content: [{ type: 'text', text }] }) };
}

/** Two begin in one empty line, and each goes on before having heard of what the other made of it. */
function writeAtOnce(fills: boolean): string {
  const [ada, lin] = [new Writer(1, { fills }), new Writer(2, { fills })];
  ada.write([line('top'), line('')]);
  lin.take(ada);
  ada.write([line('top'), line('a')]);
  lin.write([line('top'), line('L')]);
  const sent = encodeStateAsUpdate(ada.doc);
  ada.take(lin);
  const seen = ada.read().child(1).textContent;
  ada.write([line('top'), line(seen.replace('a', 'ad'))]);
  applyUpdate(lin.doc, sent);
  lin.read();
  lin.take(ada);
  ada.take(lin);
  expect(ada.read().toJSON()).toEqual(lin.read().toJSON());
  return ada.read().child(1).textContent;
}

describe('[APP15] the text of an empty block', () => {
  it('is there before anybody types, so that two who begin at once write in one text', () => {
    expect(writeAtOnce(true)).toBe('adL');
  });

  it('is what the binding alone does not have: there a letter comes out twice', () => {
    expect(writeAtOnce(false)).not.toBe('adL');
  });

  it('is given to every kind of block that holds text, and to no other', () => {
    const writer = new Writer(1, { fills: true });
    writer.write([
      { type: 'heading', attrs: { level: 2 } },
      { type: 'horizontalRule' },
      { type: 'codeBlock' },
      { type: 'taskList', content: [{ type: 'taskItem', content: [line('')] }] },
      line('written'),
    ]);
    const count = (element: XmlElement): number =>
      element.toArray().reduce((sum, child) => sum + (child instanceof XmlElement ? count(child) : 1), 0);
    expect(writer.fragment.toArray().map((child) => count(child as XmlElement))).toEqual([1, 0, 1, 1, 1]);
  });

  it('is left to the one who made the block', () => {
    const [ada, lin] = [new Writer(1, { fills: false }), new Writer(2, { fills: true })];
    ada.write([line('')]);
    lin.take(ada);
    lin.write([line(''), line('mine')]);
    expect((lin.fragment.get(0) as XmlElement).length).toBe(0);
    expect(lin.fragment.get(1)).toMatchObject({ length: 1 });
  });

  it('is undone with its block', () => {
    const writer = new Writer(1, { fills: true });
    writer.write([line('top')]);
    const undo = new UndoManager(writer.fragment, { trackedOrigins: new Set([ySyncPluginKey]) });
    writer.write([line('top'), line('')]);
    expect((writer.fragment.get(1) as XmlElement).get(0)).toBeInstanceOf(XmlText);
    expect(undo.undoStack).toHaveLength(1);
    undo.undo();
    expect(writer.fragment.length).toBe(1);
  });
});
