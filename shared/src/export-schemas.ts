import { z } from 'zod';
import { DOCUMENT_NAME_MAX_LENGTH } from './document-name.ts';

/** Formats of files that documents come out of and go into. */
export const FILE_FORMATS = ['markdown', 'html', 'json', 'text', 'docx', 'yjs'] as const;

export type FileFormat = (typeof FILE_FORMATS)[number];

/** Media type and name ending of each format. */
export const FILE_KINDS: Readonly<Record<FileFormat, { readonly mediaType: string; readonly extension: string }>> = {
  markdown: { mediaType: 'text/markdown', extension: 'md' },
  html: { mediaType: 'text/html', extension: 'html' },
  json: { mediaType: 'application/json', extension: 'json' },
  text: { mediaType: 'text/plain', extension: 'txt' },
  docx: {
    mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    extension: 'docx',
  },
  yjs: { mediaType: 'application/vnd.yjs.update', extension: 'yjs' },
};

const formatSchema = z.enum(FILE_FORMATS).default('markdown');

export const fileQuerySchema = z.strictObject({ format: formatSchema });

/** Query of `GET /v1/export`. */
export const exportQuerySchema = z.strictObject({
  format: formatSchema,
  prefix: z
    .string()
    .max(DOCUMENT_NAME_MAX_LENGTH)
    .default('')
    .meta({ description: 'Only names that start with this text.' }),
  history: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Adds who wrote when, and the versions, where the caller may read them.' }),
});

/** Answer of `POST /v1/documents/{name}/import`. */
export const importedSchema = z
  .object({
    name: z.string(),
    epoch: z.number().int(),
    seq: z.number().int().meta({ description: 'A row that holds what was imported.' }),
    created: z.boolean(),
    changed: z.boolean().meta({ description: 'False when the document was like that already.' }),
  })
  .meta({ id: 'Imported' });

export type ImportedView = z.infer<typeof importedSchema>;
