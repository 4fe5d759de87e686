import type { createDocumentBodySchema } from '@scriptorium/shared/write-schemas';
import type { z } from 'zod';
import type { DocumentDescription } from '../ports/document-catalog.ts';
import { requireDocumentName } from './authenticate.ts';
import type { ContentBody } from './content-body.ts';
import type { Beginning } from './create-document.ts';

type Body = z.infer<typeof createDocumentBodySchema>;

/** What a request to create a document wants it to begin with. */
export function readBeginning({ content, from }: Body): Beginning {
  if (from !== undefined)
    return { kind: 'copy', of: requireDocumentName(from.document), at: from.at === undefined ? null : String(from.at) };
  return content === undefined ? { kind: 'empty' } : { kind: 'content', body: readContent(content) };
}

/** Title and metadata, as far as the request says them: a copy has those of its original. */
export function readDescription({ title, metadata }: Body): Partial<DocumentDescription> {
  return { ...(title !== undefined && { title }), ...(metadata !== undefined && { metadata }) };
}

function readContent(content: NonNullable<Body['content']>): ContentBody {
  switch (content.format) {
    case 'json':
      return { format: 'json', bytes: Buffer.from(JSON.stringify(content.doc)) };
    case 'yjs':
      return { format: 'yjs', bytes: new Uint8Array(Buffer.from(content.update, 'base64')) };
    default:
      return { format: content.format, bytes: Buffer.from(content.text) };
  }
}
