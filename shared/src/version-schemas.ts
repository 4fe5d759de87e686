import { z } from 'zod';
import { pointSchema } from './history-schemas.ts';
import { timeSchema } from './rest-schemas.ts';

const LIST_LIMIT_MAX = 100;
const LIST_LIMIT_DEFAULT = 50;
const LABEL_MAX_LENGTH = 200;

const labelSchema = z
  .string()
  .trim()
  .min(1)
  .max(LABEL_MAX_LENGTH)
  .meta({ description: 'What people call it.', examples: ['As it was sent to the printer'] });

const kindSchema = z.enum(['named', 'automatic', 'restored']);

/** A name for a row of the log. */
export const versionSchema = z
  .object({
    id: z.string(),
    seq: z.number().int().meta({ description: 'The row; `content`, `diff` and `blame` take it as they take the id.' }),
    kind: kindSchema,
    label: z.string().nullable(),
    at: timeSchema.meta({ description: 'When it was made.' }),
    author: z.string().nullable().meta({ description: '`null` for one that was made by itself.' }),
  })
  .meta({ id: 'Version' });

export type VersionView = z.infer<typeof versionSchema>;

export const versionListSchema = z
  .object({ versions: z.array(versionSchema), nextCursor: z.string().nullable() })
  .meta({ id: 'VersionList' });

export type VersionListView = z.infer<typeof versionListSchema>;

/** Cursor and size of a page. */
const pageQueryFields = {
  cursor: z.string().min(1).max(1024).optional().meta({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
};

export const versionListQuerySchema = z.strictObject({ ...pageQueryFields, kind: kindSchema.optional() });

/** Body of `POST /v1/documents/{name}/versions`. */
export const newVersionSchema = z
  .strictObject({
    label: labelSchema,
    at: pointSchema.optional().meta({ description: 'The newest row when absent.' }),
  })
  .meta({ id: 'NewVersion', examples: [{ label: 'First draft' }] });

/** Body of `PATCH /v1/documents/{name}/versions/{version}`. */
export const versionLabelSchema = z.strictObject({ label: labelSchema }).meta({ id: 'VersionLabel' });

/** Answer of `POST /v1/documents/{name}/versions/{version}/restore`. */
export const restoredSchema = z
  .object({
    epoch: z.number().int(),
    seq: z.number().int().meta({ description: 'A row at which the document is restored.' }),
    changed: z.boolean().meta({ description: 'False when the document was like that already.' }),
    version: versionSchema.nullable().meta({ description: 'Notes the restore in the list of versions.' }),
  })
  .meta({ id: 'Restored' });

export type RestoredView = z.infer<typeof restoredSchema>;

/** Body of `PUT /v1/documents/{name}/publication`. */
export const publishBodySchema = z
  .strictObject({
    at: pointSchema.optional().meta({ description: 'The newest row when absent.' }),
    title: z
      .string()
      .trim()
      .min(1)
      .max(LABEL_MAX_LENGTH)
      .optional()
      .meta({ description: 'Title of the page; its first line of text when absent.' }),
  })
  .meta({ id: 'Publish', examples: [{ title: 'Minutes' }] });

export const publicationSchema = z
  .object({
    name: z.string(),
    seq: z.number().int(),
    edition: z.number().int().meta({ description: 'Rises by one each time the document is published.' }),
    publishedAt: timeSchema,
    publishedBy: z.string(),
    path: z.string().meta({ description: 'Address of the newest edition; stays the same for the document.' }),
    editionPath: z.string().meta({ description: 'Address of this edition, which never changes.' }),
  })
  .meta({ id: 'Publication' });

export type PublicationView = z.infer<typeof publicationSchema>;

export const publicationListSchema = z
  .object({
    publications: z.array(publicationSchema),
    nextCursor: z.string().nullable().meta({ description: 'A page may hold fewer than `limit`.' }),
  })
  .meta({ id: 'PublicationList' });

export type PublicationListView = z.infer<typeof publicationListSchema>;

export const publicationListQuerySchema = z.strictObject(pageQueryFields);
