import type { SearchHitView, SnippetView } from '@scriptorium/shared/search-schemas';
import type { JumpTarget } from './jump-target.ts';

/** One line that can be chosen: a block in which something was found, or a document as a whole. */
export interface PaletteOption {
  readonly id: string;
  /** The headings above the block, in one line; empty when there are none. */
  readonly path: string;
  /** `null` for the document as a whole. */
  readonly snippet: SnippetView | null;
  readonly target: JumpTarget;
}

/** The lines of one document. */
export interface PaletteGroup {
  readonly name: string;
  readonly title: SnippetView;
  readonly options: readonly PaletteOption[];
}

/** The lines for what was found, by document. */
export function toPaletteGroups(hits: readonly SearchHitView[]): readonly PaletteGroup[] {
  return hits.map(({ name, title, blocks }, at) => {
    const whole = { id: `found-${at}`, path: '', snippet: null, target: { document: name, block: null, words: [] } };
    const options = blocks.map(({ id, headings, snippet }, index) => ({
      id: `found-${at}-${index}`,
      path: headings.join(' › '),
      snippet,
      target: { document: name, block: id, words: markedWords(snippet) },
    }));
    return { name, title, options: options.length === 0 ? [whole] : options };
  });
}

/** The line before or behind the chosen one, around the ends. */
export function stepOption(options: readonly PaletteOption[], chosen: string | null, step: 1 | -1): string | null {
  if (options.length === 0) return null;
  const at = options.findIndex(({ id }) => id === chosen);
  const from = at === -1 && step === -1 ? 0 : at;
  return options[(from + step + options.length) % options.length]?.id ?? null;
}

/** A piece of a text, and whether it was found. */
export interface MarkedPiece {
  readonly text: string;
  readonly marked: boolean;
}

/** A snippet cut where what was found begins and ends. */
export function cutPieces({ text, ranges }: Pick<SnippetView, 'text' | 'ranges'>): readonly MarkedPiece[] {
  const pieces: MarkedPiece[] = [];
  let at = 0;
  for (const { start, end } of ranges) {
    if (start > at) pieces.push({ text: text.slice(at, start), marked: false });
    pieces.push({ text: text.slice(start, end), marked: true });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false });
  return pieces;
}

function markedWords({ text, ranges }: SnippetView): readonly string[] {
  return [...new Set(ranges.map(({ start, end }) => text.slice(start, end)))];
}
