import { z } from 'zod';
import { grantSchema } from './access-schemas.ts';
import { AUDIT_ACTIONS } from './audit-chain.ts';
import { EVENT_TYPES } from './event-types.ts';

const EXAMPLE_TIME = '2026-11-23T09:30:00.000Z';
const timeSchema = z.iso.datetime().meta({ examples: [EXAMPLE_TIME] });

/**
 * What becomes of what an erased person wrote: it stays, or documents that they made and in which nobody else has written
 * are erased too.
 */
export const ERASED_CONTENTS = ['keep', 'erase-own'] as const;
export type ErasedContent = (typeof ERASED_CONTENTS)[number];

/** How a person is to be erased. */
export const personErasureQuerySchema = z.strictObject({
  content: z
    .enum(ERASED_CONTENTS)
    .default('keep')
    .meta({
      description:
        'What becomes of what they wrote: `keep` leaves it under the pseudonym; `erase-own` also deletes for good the ' +
        'documents that they made and in which nobody else has written.',
    }),
});

/** Proof that a document or a person was erased. */
export const erasureSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['document', 'person']),
    pseudonym: z.string().nullable().meta({
      description: "What stands in the place of a person's id from then on; `null` for a document.",
    }),
    subjectHash: z.string().meta({
      description:
        "SHA-256 of tenant, `/` and the document's name, hex: whoever knows the name can check it. Of a person a hash " +
        'with a key that only the store has.',
    }),
    begunAt: timeSchema,
    begunBy: z.string(),
    finishedAt: timeSchema.nullable().meta({ description: '`null` until nothing is left.' }),
    counts: z.record(z.string(), z.number()).meta({
      description:
        'How much went: `rows`, `events`, `objects` …; of a person how much was put under the pseudonym, and how many ' +
        '`documents` were looked at in how many `passes`, and how many `ownDocuments` were erased.',
    }),
  })
  .meta({
    id: 'Erasure',
    examples: [
      {
        id: 'er_0123456789abcdef',
        kind: 'document',
        pseudonym: null,
        subjectHash: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        begunAt: EXAMPLE_TIME,
        begunBy: 'ada',
        finishedAt: EXAMPLE_TIME,
        counts: { rows: 42, events: 3, objects: 2 },
      },
      {
        id: 'er_fedcba9876543210',
        kind: 'person',
        pseudonym: 'erased:5f1d4a0b7c3e2d1f',
        subjectHash: '9b74c9897bac770ffc029102a200c5de5d9b74c9897bac770ffc029102a200c5',
        begunAt: EXAMPLE_TIME,
        begunBy: 'grace',
        finishedAt: null,
        counts: { rows: 17, bindings: 2, documents: 120, passes: 1 },
      },
    ],
  });

export type ErasureView = z.infer<typeof erasureSchema>;

export const erasureListSchema = z.object({ erasures: z.array(erasureSchema) }).meta({ id: 'ErasureList' });

export type ErasureListView = z.infer<typeof erasureListSchema>;

/** Answer of `GET /v1/users/{user}/export`. */
export const personExportSchema = z
  .object({
    user: z.string(),
    documents: z.array(
      z.object({ name: z.string(), created: z.boolean(), wrote: z.boolean(), deletedAt: timeSchema.nullable() }),
    ),
    grants: z.array(grantSchema),
    apiKeys: z.array(z.object({ id: z.string(), label: z.string(), createdAt: timeSchema })),
    webhooks: z.array(z.object({ id: z.string(), url: z.string(), createdAt: timeSchema })),
    versions: z.array(
      z.object({
        document: z.string(),
        id: z.string(),
        label: z.string().nullable(),
        seq: z.number(),
        createdAt: timeSchema,
      }),
    ),
    publications: z.array(z.object({ document: z.string(), id: z.string(), publishedAt: timeSchema })),
    events: z.array(z.object({ document: z.string(), type: z.enum(EVENT_TYPES), at: timeSchema })),
    audit: z
      .array(
        z.object({
          seq: z.number(),
          at: timeSchema,
          action: z.enum(AUDIT_ACTIONS),
          document: z.string().nullable(),
          own: z.boolean().meta({ description: 'Whether they did it, or it was done to them.' }),
        }),
      )
      .meta({ description: 'Newest first, a thousand at most.' }),
  })
  .meta({ id: 'PersonExport' });

export type PersonExportView = z.infer<typeof personExportSchema>;
