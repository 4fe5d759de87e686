import { z } from 'zod';
import { parseGrantResource } from './grant-resource.ts';
import { parseSubject } from './grant-subject.ts';
import { ABILITIES, ROLES } from './roles.ts';

const EXAMPLE_TIME = '2026-11-23T09:30:00.000Z';
const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;
const LABEL_MAX_LENGTH = 100;
const KEY_DOCUMENTS_MAX = 1000;
/** Longest time for which the secret before a rotation stays good: thirty days. */
const OVERLAP_MAX_SECONDS = 30 * 24 * 60 * 60;
const OVERLAP_DEFAULT_SECONDS = 24 * 60 * 60;

const timeSchema = z.iso.datetime().meta({ examples: [EXAMPLE_TIME] });
const endSchema = timeSchema.nullable().meta({ description: '`null`: without end.' });

const resourceSchema = z
  .string()
  .max(128)
  .refine((text) => parseGrantResource(text) !== null, 'is neither a document name nor a prefix with a * behind it')
  .meta({ description: 'A document name, or a prefix with a `*` behind it.', examples: ['notes/*'] });

export const subjectSchema = z
  .string()
  .max(140)
  .refine((text) => parseSubject(text) !== null, 'is not user:…, group:… or link:…')
  .meta({
    description: 'Who: `user:` and a `sub`, `group:` and a group of the token, or `link:` and an id.',
    examples: ['user:ada'],
  });

const pageQuery = {
  cursor: z.string().min(1).max(2048).optional().meta({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
};

/** Query of lists that are not narrowed. */
export const pageQuerySchema = z.strictObject(pageQuery);

/** A role that was given to somebody. */
export const grantSchema = z
  .object({
    subject: z.string(),
    resource: z.string(),
    role: z.enum(ROLES),
    expiresAt: endSchema,
    createdAt: timeSchema,
    createdBy: z.string(),
  })
  .meta({
    id: 'Grant',
    examples: [
      {
        subject: 'user:ada',
        resource: 'notes/*',
        role: 'editor',
        expiresAt: null,
        createdAt: EXAMPLE_TIME,
        createdBy: 'grace',
      },
    ],
  });

export type GrantView = z.infer<typeof grantSchema>;

export const grantListSchema = z
  .object({ grants: z.array(grantSchema), nextCursor: z.string().nullable() })
  .meta({ id: 'GrantList' });

export type GrantListView = z.infer<typeof grantListSchema>;

const documentRoleSchema = z.enum(ROLES).exclude(['admin']);

/** Body of `PUT /v1/documents/{name}/grants/{subject}`. */
export const documentGrantBodySchema = z
  .strictObject({
    role: documentRoleSchema.meta({ description: '`none` denies, whatever else is granted.' }),
    expiresAt: endSchema.default(null),
  })
  .meta({ id: 'DocumentGrantBody', examples: [{ role: 'editor', expiresAt: null }] });

export type DocumentGrantInput = z.input<typeof documentGrantBodySchema>;

/** Body of `POST /v1/documents/{name}/links`. */
export const linkBodySchema = z
  .strictObject({ role: z.enum(['viewer', 'commenter', 'editor']), expiresAt: endSchema.default(null) })
  .meta({ id: 'LinkBody', examples: [{ role: 'viewer', expiresAt: null }] });

export type LinkInput = z.input<typeof linkBodySchema>;

/** Answer of `POST /v1/documents/{name}/links`. */
export const linkSchema = z
  .object({
    grant: grantSchema,
    secret: z.string().meta({ description: 'Opens the document, alone or behind a token and a `~`. Shown only now.' }),
  })
  .meta({ id: 'Link' });

export type LinkView = z.infer<typeof linkSchema>;

/** Body of `PUT /v1/grants`. */
export const grantBodySchema = z
  .strictObject({
    subject: subjectSchema,
    resource: resourceSchema,
    role: z.enum(ROLES).meta({ description: '`none` denies, whatever else is granted; `admin` only on `*`.' }),
    expiresAt: endSchema.default(null),
  })
  .meta({ id: 'GrantBody' });

export type GrantInput = z.input<typeof grantBodySchema>;

/** Query of `GET /v1/grants`. */
export const grantListQuerySchema = z.strictObject({
  subject: subjectSchema.optional(),
  resource: resourceSchema.optional(),
  ...pageQuery,
});

/** Query of `DELETE /v1/grants`. */
export const grantKeyQuerySchema = z.strictObject({ subject: subjectSchema, resource: resourceSchema });

/** A machine's key, without its secret. */
export const apiKeySchema = z
  .object({
    id: z.string(),
    label: z.string(),
    role: z.enum(ROLES),
    documents: z.record(z.string(), z.enum(ROLES)),
    abilities: z.array(z.enum(ABILITIES)),
    createdAt: timeSchema,
    createdBy: z.string(),
    expiresAt: endSchema,
    revokedAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable().meta({ description: 'May lag behind by a minute.' }),
    previousEndsAt: timeSchema
      .nullable()
      .meta({ description: 'When the secret before the last rotation ends; `null` when there was none.' }),
  })
  .meta({ id: 'ApiKey' });

export type ApiKeyView = z.infer<typeof apiKeySchema>;

export const apiKeyListSchema = z
  .object({ keys: z.array(apiKeySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'ApiKeyList' });

export type ApiKeyListView = z.infer<typeof apiKeyListSchema>;

/** Body of `POST /v1/api-keys`. */
export const apiKeyBodySchema = z
  .strictObject({
    label: z
      .string()
      .trim()
      .min(1)
      .max(LABEL_MAX_LENGTH)
      .regex(/^\P{C}+$/u, 'holds characters that cannot be shown'),
    role: z.enum(ROLES).default('none').meta({ description: 'Tenant-wide role.' }),
    documents: z
      .array(z.strictObject({ resource: resourceSchema, role: documentRoleSchema }))
      .max(KEY_DOCUMENTS_MAX)
      .default([]),
    abilities: z.array(z.enum(ABILITIES)).max(ABILITIES.length).default([]),
    expiresAt: endSchema.default(null),
  })
  .meta({
    id: 'ApiKeyBody',
    examples: [
      { label: 'nightly export', documents: [{ resource: 'notes/*', role: 'viewer' }], expiresAt: EXAMPLE_TIME },
    ],
  });

export type ApiKeyInput = z.input<typeof apiKeyBodySchema>;

/** Body of `POST /v1/api-keys/{id}/rotate`. */
export const rotateBodySchema = z
  .strictObject({
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(OVERLAP_MAX_SECONDS)
      .default(OVERLAP_DEFAULT_SECONDS)
      .meta({ description: 'How long the secret of now stays good beside the new one.' }),
  })
  .meta({ id: 'RotateBody', examples: [{ overlapSeconds: OVERLAP_DEFAULT_SECONDS }] });

/** Answer of `POST /v1/api-keys` and of a rotation. */
export const apiKeySecretSchema = z
  .object({ key: apiKeySchema, secret: z.string().meta({ description: 'Stands where a token does. Shown only now.' }) })
  .meta({ id: 'ApiKeySecret' });

export type ApiKeySecretView = z.infer<typeof apiKeySecretSchema>;
