import { convertToHtml } from 'mammoth';
import { ScriptoriumError } from '../../core/errors.ts';
import type { ContentNode } from '../content-node.ts';
import { parseHtml } from '../html/parse-html.ts';
import { CHECKED, continuationStyle, LIST_LEVELS, UNCHECKED } from './docx-signs.ts';

/** A paragraph in such a style belongs to the list item before it. */
const CONTINUATIONS = Array.from(
  { length: LIST_LEVELS },
  (_, level) =>
    `p[style-name='${continuationStyle(level)}'] => ${Array.from({ length: level + 1 }, () => 'ul|ol > li').join(' > ')} > p:fresh`,
);

/**
 * Reads a DOCX file as content that fits the editor's schema. What mammoth makes of it is read as any HTML. It unpacks
 * what it is given, however large, so it runs in a thread with a limit on time and memory.
 *
 * Throws `invalid-content` when the bytes are no such file.
 */
export async function readDocx(bytes: Uint8Array): Promise<ContentNode> {
  try {
    const { value } = await convertToHtml(
      { buffer: Buffer.from(bytes) },
      {
        styleMap: [
          'u => u',
          "p[style-name='Code'] => pre:separator('\n')",
          "p[style-name='Quote'] => blockquote > p:fresh",
          ...CONTINUATIONS,
        ],
      },
    );
    return recallTasks(parseHtml(value));
  } catch (error) {
    throw new ScriptoriumError('invalid-content', 'the file is no DOCX document', { cause: error });
  }
}

/** Lists of which each item begins with a box are lists of tasks. */
function recallTasks(node: ContentNode): ContentNode {
  if (node.content === undefined) return node;
  const content = node.content.map(recallTasks);
  const boxes = node.type === 'bulletList' ? content.map(boxOf) : [];
  if (boxes.length === 0 || boxes.includes(null)) return { ...node, content };
  const items = content.map((item, at) => ({
    ...withoutBox(item),
    type: 'taskItem',
    attrs: { checked: boxes[at] === CHECKED },
  }));
  return { ...node, type: 'taskList', content: items };
}

function boxOf(item: ContentNode): string | null {
  const text = item.content?.[0]?.content?.[0]?.text ?? '';
  return [CHECKED, UNCHECKED].find((box) => text.startsWith(box)) ?? null;
}

function withoutBox(item: ContentNode): ContentNode {
  const [first, ...others] = item.content ?? [];
  const [run, ...runs] = first?.content ?? [];
  if (first === undefined || run?.text === undefined) return item;
  const rest = run.text.slice(CHECKED.length);
  const content = rest === '' ? runs : [{ ...run, text: rest }, ...runs];
  return { ...item, content: [{ ...first, content }, ...others] };
}
