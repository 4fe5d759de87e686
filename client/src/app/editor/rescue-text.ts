import { EDITOR_FIELD } from '@scriptorium/shared/editor-schema';
import { XmlElement, XmlText, type Doc, type XmlFragment } from 'yjs';

/** The text of a document, a line per block. */
export function readPlainText(document: Doc): string {
  return readBlocks(document.getXmlFragment(EDITOR_FIELD)).join('\n');
}

function readBlocks(parent: XmlFragment): string[] {
  const lines: string[] = [];
  for (const child of parent.toArray()) {
    if (child instanceof XmlText) lines.push(readText(child));
    else if (child instanceof XmlElement) lines.push(...readElement(child));
  }
  return lines;
}

function readElement(element: XmlElement): string[] {
  const lines = readBlocks(element);
  return lines.length === 0 ? [''] : lines;
}

function readText(text: XmlText): string {
  const parts = text.toDelta() as readonly { readonly insert?: unknown }[];
  return parts.map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('');
}

/** Hands a text to the person as a file. */
export function saveTextFile(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = `${name.replaceAll('/', '-')}.txt`;
  link.click();
  URL.revokeObjectURL(link.href);
}
