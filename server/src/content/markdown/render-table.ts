import type { ContentNode } from '../content-node.ts';
import { renderParagraph } from './render-inline.ts';

const CELL = { oneLine: true, inTable: true };
const RULES: Readonly<Record<string, string>> = { left: ':---', center: ':---:', right: '---:' };

/** Whether a table is one of Markdown: a row of headers, then rows of as many cells with a line of text each. */
export function canBePipes(table: ContentNode): boolean {
  const [head, ...rows] = table.content ?? [];
  const columns = head?.content ?? [];
  if (columns.length === 0 || !columns.every((cell) => isPlain(cell, 'tableHeader', alignOf(cell)))) return false;
  return rows.every(({ content: cells = [] }) => {
    if (cells.length !== columns.length) return false;
    return cells.every((cell, index) => isPlain(cell, 'tableCell', alignOf(columns[index])));
  });
}

/** Renders a table that `canBePipes`. */
export function renderPipes(table: ContentNode): string {
  const [head, ...rows] = table.content ?? [];
  const rules = (head?.content ?? []).map((cell) => RULES[String(alignOf(cell))] ?? '---');
  return [renderRow(head), `| ${rules.join(' | ')} |`, ...rows.map(renderRow)].join('\n');
}

function renderRow(row: ContentNode | undefined): string {
  const cells = (row?.content ?? []).map((cell) => renderParagraph(cell.content?.[0]?.content ?? [], CELL));
  return `| ${cells.join(' | ')} |`;
}

function alignOf(cell: ContentNode | undefined): unknown {
  return cell?.attrs?.['align'] ?? null;
}

function isPlain(cell: ContentNode, type: string, align: unknown): boolean {
  const { colspan = 1, rowspan = 1, colwidth = null } = cell.attrs ?? {};
  const [paragraph] = cell.content ?? [];
  return (
    cell.type === type &&
    colspan === 1 &&
    rowspan === 1 &&
    colwidth === null &&
    alignOf(cell) === align &&
    cell.content?.length === 1 &&
    paragraph?.type === 'paragraph' &&
    paragraph.attrs === undefined
  );
}
