import { z } from 'zod';
import { changeOperationSchema, changeResultSchema, OPERATIONS_MAX } from './change-schemas.ts';
import { documentNameSchema, statePointSchema } from './rest-schemas.ts';

/** Documents that one job may change. */
const JOB_DOCUMENTS_MAX = 100;
const TITLE_MAX = 500;
const METADATA_KEYS_MAX = 100;
const METADATA_BYTES_MAX = 16_384;

const seqSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What people call a document, whatever its name is. */
const titleSchema = z
  .string()
  .max(TITLE_MAX)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'holds what is no character')
  .nullable()
  .meta({ description: 'What people call it; `null` for nothing.', examples: ['Minutes of Monday'] });

const keySchema = z
  .string()
  .min(1)
  .max(100)
  .refine((key) => key !== '__proto__' && key.isWellFormed() && !key.includes('\0'), 'is not a key');

/** PostgreSQL keeps no NUL, and nobody keeps what is nested beyond the stack. */
function isKeepable(metadata: object): boolean {
  try {
    const text = JSON.stringify(metadata);
    return text.length <= METADATA_BYTES_MAX && !text.includes(String.raw`\u0000`) && text.isWellFormed();
  } catch {
    return false;
  }
}

/** Whatever programs note about a document. */
const metadataSchema = z
  .record(keySchema, z.unknown())
  .refine((metadata) => Object.keys(metadata).length <= METADATA_KEYS_MAX, `holds more than ${METADATA_KEYS_MAX} keys`)
  .refine(isKeepable, `is longer than ${METADATA_BYTES_MAX} characters, or holds what is no character`)
  .meta({ description: 'A JSON object that programs use as they like.', examples: [{ status: 'draft' }] });

/** What a new document begins with. */
const initialContentSchema = z
  .discriminatedUnion('format', [
    z.strictObject({ format: z.enum(['markdown', 'html', 'text']), text: z.string() }),
    z.strictObject({ format: z.literal('json'), doc: z.looseObject({ type: z.literal('doc') }) }),
    z.strictObject({ format: z.literal('yjs'), update: z.base64() }),
  ])
  .meta({ id: 'InitialContent', examples: [{ format: 'markdown', text: '# Minutes\n' }] });

/** Body of `POST /v1/documents`. */
export const createDocumentBodySchema = z
  .strictObject({
    name: documentNameSchema,
    title: titleSchema.optional(),
    metadata: metadataSchema.optional(),
    content: initialContentSchema.optional(),
    from: z
      .strictObject({ document: documentNameSchema, at: z.union([seqSchema, statePointSchema]).optional() })
      .optional()
      .meta({
        description:
          'A document to begin as a copy of: a template, or any other, as it is, or was at a `seq` or a version.',
      }),
  })
  .refine(({ content, from }) => content === undefined || from === undefined, 'has either `content` or `from`')
  .meta({ id: 'NewDocument', examples: [{ name: 'notes/today', content: { format: 'markdown', text: '# Today\n' } }] });

export type NewDocumentInput = z.input<typeof createDocumentBodySchema>;

/** Body of `PATCH /v1/documents/{name}`. */
export const patchDocumentBodySchema = z
  .strictObject({
    name: documentNameSchema.optional(),
    title: titleSchema.optional(),
    metadata: metadataSchema
      .optional()
      .meta({ description: 'Merged into what is there (RFC 7396, one level deep); `null` takes a key away.' }),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'changes nothing')
  .meta({ id: 'DocumentPatch', examples: [{ title: 'Minutes of Monday', metadata: { status: 'final' } }] });

export type DocumentPatch = z.input<typeof patchDocumentBodySchema>;

/** What a write came to. */
export const writtenSchema = z
  .object({
    epoch: z.number().int(),
    seq: z.number().int().meta({ description: 'The state that holds what was written; with `epoch` its entity tag.' }),
    created: z.boolean().meta({ description: 'The document was made by it.' }),
    changed: z.boolean().meta({ description: 'False when the content was this already.' }),
  })
  .meta({ id: 'Written', examples: [{ epoch: 1, seq: 43, created: false, changed: true }] });

export type WrittenView = z.infer<typeof writtenSchema>;

const changesFields = {
  base: seqSchema.optional().meta({
    description: 'The `seq` of the state in which the addresses hold; the newest one without it.',
  }),
  atomic: z.boolean().default(false).meta({ description: 'All or nothing.' }),
  operations: z.array(changeOperationSchema).min(1).max(OPERATIONS_MAX),
};

const EXAMPLE_OPERATION = { op: 'replace', range: { quote: { exact: 'teh' } }, text: 'the' } as const;

/** Body of `POST /v1/documents/{name}/changes`. */
export const changesBodySchema = z
  .strictObject(changesFields)
  .meta({ id: 'Changes', examples: [{ base: 42, atomic: true, operations: [EXAMPLE_OPERATION] }] });

export type ChangesBody = z.infer<typeof changesBodySchema>;

export type ChangesInput = z.input<typeof changesBodySchema>;

/** Answer of `POST /v1/documents/{name}/changes`. */
export const changesAnswerSchema = z
  .object({
    epoch: z.number().int(),
    seq: z.number().int(),
    changed: z.boolean(),
    results: z.array(changeResultSchema).meta({ description: 'One per operation, in order.' }),
  })
  .meta({ id: 'ChangesAnswer', examples: [{ epoch: 1, seq: 43, changed: true, results: [{ status: 'applied' }] }] });

export type ChangesAnswer = z.infer<typeof changesAnswerSchema>;

/** Body of `POST /v1/changes`. */
export const jobBodySchema = z
  .strictObject({
    documents: z
      .array(
        z.strictObject({
          name: documentNameSchema,
          ifMatch: z.string().max(200).optional().meta({ description: 'As the header `If-Match`.' }),
          ...changesFields,
        }),
      )
      .min(1)
      .max(JOB_DOCUMENTS_MAX),
  })
  .meta({ id: 'BulkChanges', examples: [{ documents: [{ name: 'notes/today', operations: [EXAMPLE_OPERATION] }] }] });

export type JobBody = z.infer<typeof jobBodySchema>;

export type JobInput = z.input<typeof jobBodySchema>;

const jobOutcomeSchema = z.discriminatedUnion('status', [
  z.object({
    name: z.string(),
    status: z.literal('done'),
    epoch: z.number().int(),
    seq: z.number().int(),
    changed: z.boolean(),
    results: z.array(changeResultSchema),
  }),
  z.object({ name: z.string(), status: z.literal('failed'), code: z.string(), detail: z.string().optional() }),
  z.object({ name: z.string(), status: z.literal('waiting') }),
]);

/** Work that goes on after its request was answered. */
export const jobSchema = z
  .object({
    id: z.string(),
    status: z.enum(['waiting', 'running', 'finished']),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    done: z.number().int().meta({ description: 'Documents whose outcome is known.' }),
    total: z.number().int(),
    documents: z.array(jobOutcomeSchema).meta({ description: 'In the order of the request.' }),
  })
  .meta({
    id: 'Job',
    examples: [
      {
        id: '6f9619ff-8b86-4d11-b42d-00c04fc964ff',
        status: 'running',
        createdAt: '2026-11-23T09:30:00.000Z',
        finishedAt: null,
        done: 0,
        total: 1,
        documents: [{ name: 'notes/today', status: 'waiting' }],
      },
    ],
  });

export type JobView = z.infer<typeof jobSchema>;

const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'is not a key')
  .optional()
  .meta({
    description: 'For a day, the same request with the same key is answered as the first one was and changes nothing.',
    examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
  });

/** The header of a write that is about no state. */
export const onceHeadersSchema = z.object({ 'idempotency-key': idempotencyKeySchema });

/** Headers of every write to a document. */
export const writeHeadersSchema = z.object({
  'if-match': z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: 'The state that is to be changed, by entity tag, or `*`; 412 when it is another.' }),
  'if-none-match': z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: '`*`: only where there is no document yet; 412 when there is one.' }),
  'idempotency-key': idempotencyKeySchema,
});

/** Headers of a write to something that has an entity tag of its own. */
export const taggedHeadersSchema = z.object({
  'if-match': z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: 'The settings that are to be changed, by entity tag, or `*`; 412 when they are others.' }),
  'idempotency-key': idempotencyKeySchema,
});
