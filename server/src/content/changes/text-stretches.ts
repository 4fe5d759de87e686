import * as Y from 'yjs';

/** A run of characters of one block that one client wrote in one go. */
export interface TextStretch {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
  /** Place within the block. */
  readonly start: number;
  readonly text: string;
  /** The text type it lies in and its place there; `null` for an inline thing, which counts as one character. */
  readonly type: Y.Text | null;
  readonly index: number;
}

/** A text type or an element that holds some. */
export type TextBlock = Y.XmlElement | Y.Text;

/** Reads the characters of a block that are not deleted, with their ids. */
export function readStretches(block: TextBlock): readonly TextStretch[] {
  const stretches: TextStretch[] = [];
  if (block instanceof Y.Text) readText(block, stretches);
  else {
    for (const child of block.toArray()) {
      if (child instanceof Y.XmlText) readText(child, stretches);
      else if (child instanceof Y.XmlElement && child._item !== null) {
        const text = child.nodeName === 'hardBreak' ? '\n' : '\ufffc';
        const { client, clock } = child._item.id;
        stretches.push({ client, clock, length: 1, start: endOf(stretches), text, type: null, index: 0 });
      }
    }
  }
  return stretches;
}

function readText(type: Y.Text, stretches: TextStretch[]): void {
  let index = 0;
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const { client, clock } = item.id;
    const text = item.content instanceof Y.ContentString ? item.content.str : '\ufffc'.repeat(item.length);
    stretches.push({ client, clock, length: item.length, start: endOf(stretches), text, type, index });
    index += item.length;
  }
}

function endOf(stretches: readonly TextStretch[]): number {
  const last = stretches.at(-1);
  return last === undefined ? 0 : last.start + last.length;
}

/** Whether a block holds text of its own, rather than other blocks. */
function isTextBlock(block: Y.XmlElement): boolean {
  const children = block.toArray();
  return (
    children.length === 0 ||
    children.some(
      (child) => child instanceof Y.XmlText || (child instanceof Y.XmlElement && child.nodeName === 'hardBreak'),
    )
  );
}

/** All blocks below a fragment that hold text, in order. */
export function findTextBlocks(parent: Y.XmlFragment): readonly Y.XmlElement[] {
  return parent.toArray().flatMap((child) => {
    if (!(child instanceof Y.XmlElement)) return [];
    return isTextBlock(child) ? [child] : findTextBlocks(child);
  });
}
