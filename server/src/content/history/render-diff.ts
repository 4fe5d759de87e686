import type { ContentNode } from '../content-node.ts';
import { renderHtml, diffMark } from '../html/render-html.ts';
import type { DiffBlock, DiffRange } from './diff-tree.ts';
import type { StateDiff } from './diff-states.ts';

/**
 * Renders a diff as HTML: what came in stands in `<ins>`, what went in `<del>`, what was formatted in
 * `<span data-diff="formatted">`, each with who did it in `data-author`. Escaped like any rendering.
 */
export function renderDiffHtml({ blocks, roots }: StateDiff): string {
  const others = Object.values(roots).map((ranges): ContentNode => ({
    type: 'text-root',
    content: ranges.map(toNode),
  }));
  return renderHtml({ type: 'doc', content: [...blocks.map(toNode), ...others] });
}

function toNode(part: DiffBlock | DiffRange): ContentNode {
  const marks = part.kind === 'same' ? [] : [diffMark(part.kind, part.edit?.actor ?? null)];
  if ('text' in part) return { type: 'text', text: part.text, marks: [...marks, ...(part.marks ?? [])] };
  const { type, attrs, content } = part;
  return { type, attrs, content: content.map(toNode), ...(content.length === 0 && marks.length > 0 && { marks }) };
}
