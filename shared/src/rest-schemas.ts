import { z } from 'zod';
import { CONTENT_FORMATS } from './content-formats.ts';
import { DISPLAY_NAME_MAX_LENGTH, isDisplayName } from './display-name.ts';
import { DOCUMENT_NAME_MAX_LENGTH, DOCUMENT_NAME_PATTERN } from './document-name.ts';
import { ROLES } from './roles.ts';

/** Most documents that one page of the list holds. */
const LIST_LIMIT_MAX = 100;
/** Documents on a page when the caller does not say. */
const LIST_LIMIT_DEFAULT = 50;

const EXAMPLE_TIME = '2026-11-23T09:30:00.000Z';

const roleSchema = z
  .enum(ROLES)
  .meta({ id: 'Role', description: 'Role on a document, from least to most; `admin` is tenant-wide.' });

export const timeSchema = z.iso.datetime().meta({ description: 'Point in time, UTC.', examples: [EXAMPLE_TIME] });

export const documentNameSchema = z
  .string()
  .min(1)
  .max(DOCUMENT_NAME_MAX_LENGTH)
  .regex(DOCUMENT_NAME_PATTERN, 'is not a document name')
  .meta({ description: 'Document name; a `/` in it is written `%2F` in an address.', examples: ['notes/today'] });

/** A document without its content. */
export const documentSchema = z
  .object({
    name: z.string(),
    epoch: z.number().int().meta({ description: 'Incarnation; rises when a name is deleted and used again.' }),
    seq: z.number().int().meta({ description: 'Number of the last committed row; `(epoch, seq)` identifies a state.' }),
    createdAt: timeSchema,
    createdBy: z.string(),
    updatedAt: timeSchema,
    title: z.string().nullable().meta({ description: 'What people call it.' }),
    metadata: z.record(z.string(), z.unknown()).meta({ description: 'Whatever programs note about it.' }),
    role: roleSchema.meta({ description: 'What the caller may do with it.' }),
  })
  .meta({
    id: 'Document',
    examples: [
      {
        name: 'notes/today',
        epoch: 1,
        seq: 42,
        createdAt: EXAMPLE_TIME,
        createdBy: 'ada',
        updatedAt: EXAMPLE_TIME,
        title: 'Minutes of Monday',
        metadata: { status: 'draft' },
        role: 'owner',
      },
    ],
  });

export type DocumentView = z.infer<typeof documentSchema>;

/** One page of the document list. */
export const documentListSchema = z
  .object({
    documents: z.array(documentSchema),
    nextCursor: z.string().nullable().meta({
      description: 'Pass as `cursor` for the next page; `null` at the end. A page may hold fewer than `limit`.',
    }),
  })
  .meta({ id: 'DocumentList', examples: [{ documents: [], nextCursor: null }] });

export type DocumentListView = z.infer<typeof documentListSchema>;

/** Unknown parameters are refused: an answer that ignored one would be another answer. */
export const documentListQuerySchema = z.strictObject({
  prefix: z
    .string()
    .max(DOCUMENT_NAME_MAX_LENGTH)
    .default('')
    .meta({ description: 'Only names that start with this text.' }),
  cursor: z.string().min(1).max(1024).optional().meta({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LIST_LIMIT_MAX)
    .default(LIST_LIMIT_DEFAULT)
    .meta({ description: 'Most documents on the page.' }),
});

/** A state of a document: as a point, or with the epoch that its number counts in, as an entity tag has it. */
export const statePointSchema = z
  .string()
  .regex(
    /^(?:\d{1,15}(?:-\d{1,15})?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    'is neither a row number, a state nor the id of a version',
  )
  .meta({
    description:
      'The state at a `seq`, of a version by its id, or `<epoch>-<seq>` as an entity tag has it, which never changes; an ' +
      'earlier one than the newest needs `read-history`.',
    examples: ['42', '1-42'],
  });

export const contentQuerySchema = z.strictObject({
  format: z
    .enum(CONTENT_FORMATS)
    .optional()
    .meta({ description: 'Wins over `Accept`; without both the answer is JSON.' }),
  at: statePointSchema.optional(),
});

/** Body of `POST /v1/dev/sign-in`. */
export const signInBodySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(DISPLAY_NAME_MAX_LENGTH)
      .refine(isDisplayName, 'holds characters that cannot be seen')
      .meta({ description: 'How others see you.' }),
  })
  .meta({ id: 'SignIn', examples: [{ name: 'Ada' }] });

const userSchema = z
  .object({ id: z.string(), name: z.string() })
  .meta({ id: 'User', examples: [{ id: 'ada', name: 'Ada' }] });

/** Answer of `POST /v1/dev/sign-in`. */
export const signInSchema = z
  .object({ token: z.string(), user: userSchema, expiresAt: timeSchema })
  .meta({ id: 'SignedIn' });

export type SignInView = z.infer<typeof signInSchema>;

/** Answer of `GET /v1/session`. */
export const sessionSchema = z
  .object({
    user: userSchema,
    tenant: z.string(),
    role: roleSchema.meta({ description: 'Tenant-wide role; single documents may differ.' }),
    expiresAt: timeSchema.nullable().meta({ description: '`null` for a key or link without end.' }),
  })
  .meta({ id: 'Session' });

export type SessionView = z.infer<typeof sessionSchema>;

/** Answer of `GET /v1/config`: what an editor must know before it signs anybody in. */
export const clientConfigSchema = z
  .object({
    version: z.string(),
    devSignIn: z.boolean().meta({ description: 'Whether people sign in by name alone.' }),
    schemaVersion: z.number().int().meta({ description: 'Version of the bundled editor schema.' }),
  })
  .meta({ id: 'ClientConfig', examples: [{ version: '0.1.0', devSignIn: true, schemaVersion: 1 }] });

export type ClientConfigView = z.infer<typeof clientConfigSchema>;

/** Answer of the health endpoints. */
export const healthSchema = z
  .object({ status: z.enum(['ok', 'unavailable']), reason: z.string().optional() })
  .meta({ id: 'Health', examples: [{ status: 'ok' }] });
