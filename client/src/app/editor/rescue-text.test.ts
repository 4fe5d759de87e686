import { describe, expect, it } from 'vitest';
import { Doc, XmlElement, XmlText } from 'yjs';
import { readPlainText } from './rescue-text.ts';

describe('text for a file', () => {
  it('[APP12] a document is a line per block, whatever the blocks are in', () => {
    const document = new Doc();
    const paragraph = (text: string): XmlElement => {
      const element = new XmlElement('paragraph');
      if (text !== '') element.insert(0, [new XmlText(text)]);
      return element;
    };
    const mixed = new XmlElement('paragraph');
    const words = new XmlText('one');
    mixed.insert(0, [words]);
    const item = new XmlElement('listItem');
    item.insert(0, [paragraph('in a list')]);
    const list = new XmlElement('bulletList');
    list.insert(0, [item]);
    document.getXmlFragment('default').insert(0, [mixed, paragraph(''), list]);
    words.insert(0, 'bold ', { bold: true });
    expect(readPlainText(document)).toBe('bold one\n\nin a list');
  });
});
