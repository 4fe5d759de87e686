import { convertToHtml } from 'mammoth';
import { ScriptoriumError } from '../../core/errors.ts';
import type { ContentNode } from '../content-node.ts';
import { parseHtml } from '../html/parse-html.ts';

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
        ],
      },
    );
    return parseHtml(value);
  } catch (error) {
    throw new ScriptoriumError('invalid-content', 'the file is no DOCX document', { cause: error });
  }
}
