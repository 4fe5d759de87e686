import {
  AlignmentType,
  Document,
  ExternalHyperlink,
  HeadingLevel,
  LevelFormat,
  Packer,
  Paragraph,
  Table,
  TableCell,
  TableRow,
  TextRun,
  WidthType,
  type IParagraphOptions,
} from 'docx';
import { textOf, type ContentNode } from '../content-node.ts';
import { isSafeAddress } from '../html/safe-address.ts';
import { CHECKED, continuationStyle, LIST_LEVELS, UNCHECKED } from './docx-signs.ts';

const HEADINGS = [HeadingLevel.HEADING_1, HeadingLevel.HEADING_2, HeadingLevel.HEADING_3] as const;
const BULLETS = 'bullets';
const NUMBERS = 'numbers';

/** Where a block stands: its list, its level there, and the count of lists, so that each begins anew. */
interface Place {
  readonly list: { readonly reference: string; readonly level: number; readonly instance: number } | null;
  /** Behind the first block of an item, which has its number. */
  readonly isContinued: boolean;
  readonly style: string | null;
  readonly prefix: string;
  readonly counter: { lists: number };
}

/** Renders a document as a DOCX file. What it has no form for is written as text. */
export async function renderDocx(doc: ContentNode): Promise<Uint8Array> {
  const place: Place = { list: null, isContinued: false, style: null, prefix: '', counter: { lists: 0 } };
  const children = (doc.content ?? []).flatMap((node) => renderBlock(node, place));
  const document = new Document({
    numbering: { config: [numbering(BULLETS, LevelFormat.BULLET, '•'), numbering(NUMBERS, LevelFormat.DECIMAL, null)] },
    styles: {
      paragraphStyles: [
        { id: 'Code', name: 'Code', run: { font: 'Courier New' } },
        { id: 'Quote', name: 'Quote', run: { italics: true } },
        ...Array.from({ length: LIST_LEVELS }, (_, level) => ({
          id: continuationStyle(level).replaceAll(' ', ''),
          name: continuationStyle(level),
          paragraph: { indent: { left: 720 * (level + 1) } },
        })),
      ],
    },
    sections: [{ children }],
  });
  return new Uint8Array(await Packer.toArrayBuffer(document));
}

function numbering(reference: string, format: (typeof LevelFormat)[keyof typeof LevelFormat], sign: string | null) {
  const levels = Array.from({ length: LIST_LEVELS }, (_, level) => ({
    level,
    format,
    text: sign ?? `%${level + 1}.`,
    alignment: AlignmentType.LEFT,
    style: { paragraph: { indent: { left: 720 * (level + 1), hanging: 360 } } },
  }));
  return { reference, levels };
}

function renderBlock(node: ContentNode, place: Place): readonly (Paragraph | Table)[] {
  const content = node.content ?? [];
  switch (node.type) {
    case 'heading':
      return [paragraph(content, place, { heading: HEADINGS[Number(node.attrs?.['level'] ?? 1) - 1] ?? HEADINGS[0] })];
    case 'codeBlock':
      return textOf(node)
        .split('\n')
        .map((line) => new Paragraph({ style: 'Code', children: [new TextRun(line)] }));
    case 'horizontalRule':
      return [new Paragraph({ thematicBreak: true })];
    case 'blockquote':
      return content.flatMap((child) => renderBlock(child, { ...place, style: 'Quote' }));
    case 'bulletList':
    case 'taskList':
    case 'orderedList':
      return renderList(node, place);
    case 'table':
      return [
        new Table({
          rows: content.map((row) => renderRow(row, place)),
          width: { size: 100, type: WidthType.PERCENTAGE },
        }),
      ];
    default:
      return content.some(({ content, text }) => content !== undefined && text === undefined)
        ? content.flatMap((child) => renderBlock(child, place))
        : [paragraph(content, place, {})];
  }
}

function renderList(list: ContentNode, place: Place): readonly (Paragraph | Table)[] {
  const level = Math.min(LIST_LEVELS - 1, (place.list?.level ?? -1) + 1);
  place.counter.lists += 1;
  const own = { reference: list.type === 'orderedList' ? NUMBERS : BULLETS, level, instance: place.counter.lists };
  return (list.content ?? []).flatMap((item) => {
    const prefix = item.type === 'taskItem' ? (item.attrs?.['checked'] === true ? CHECKED : UNCHECKED) : '';
    return (item.content ?? []).flatMap((child, index) =>
      renderBlock(child, { ...place, list: own, isContinued: index > 0, prefix: index === 0 ? prefix : '' }),
    );
  });
}

function renderRow(row: ContentNode, place: Place): TableRow {
  const cells = (row.content ?? []).map(
    (cell) =>
      new TableCell({
        columnSpan: Number(cell.attrs?.['colspan'] ?? 1),
        rowSpan: Number(cell.attrs?.['rowspan'] ?? 1),
        children: (cell.content ?? []).flatMap((child) =>
          renderBlock(child, { ...place, list: null, isContinued: false, prefix: '' }),
        ),
      }),
  );
  return new TableRow({
    children: cells,
    tableHeader: row.content?.every(({ type }) => type === 'tableHeader') ?? false,
  });
}

function paragraph(
  nodes: readonly ContentNode[],
  { list, isContinued, style, prefix }: Place,
  options: IParagraphOptions,
): Paragraph {
  const runs = nodes.map(renderInline);
  return new Paragraph({
    ...options,
    ...(style !== null && options.heading === undefined && { style }),
    ...(list !== null && !isContinued && { numbering: list }),
    ...(list !== null && isContinued && { style: continuationStyle(list.level).replaceAll(' ', '') }),
    children: prefix === '' ? runs : [new TextRun(prefix), ...runs],
  });
}

function renderInline(node: ContentNode): TextRun | ExternalHyperlink {
  if (node.text === undefined) return new TextRun(node.type === 'hardBreak' ? { break: 1 } : textOf(node));
  const has = (type: string): boolean => (node.marks ?? []).some((mark) => mark.type === type);
  const run = new TextRun({
    // XML cannot hold control characters.
    // oxlint-disable-next-line no-control-regex -- control characters are what it is about
    text: node.text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd'),
    bold: has('bold'),
    italics: has('italic'),
    strike: has('strike'),
    ...(has('underline') && { underline: {} }),
    ...(has('code') && { font: 'Courier New' }),
  });
  const link = (node.marks ?? []).find(({ type }) => type === 'link')?.attrs?.['href'];
  return typeof link === 'string' && isSafeAddress(link) ? new ExternalHyperlink({ link, children: [run] }) : run;
}
