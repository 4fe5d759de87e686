import { z } from 'zod';

/** Operations that one request may hold. */
export const OPERATIONS_MAX = 1_000;
const TEXT_MAX = 1_000_000;

const blockIdSchema = z
  .string()
  .max(200)
  .regex(/^(\d{1,16}:\d{1,16}|root:.+)$/s, 'is not a block id')
  .meta({
    description: 'Address of a block as renderings name it, or `root:` and the name of a plain text.',
    examples: ['2541:17'],
  });

const positionSchema = z.base64().max(1_000).meta({ description: 'A relative position in Yjs encoding, base64.' });

const offsetSchema = z.number().int().min(0).max(100_000_000);

/** A place between two characters. */
export const changePlaceSchema = z.union([
  z.strictObject({ position: positionSchema }),
  z.strictObject({ block: blockIdSchema, offset: offsetSchema }),
]);

/** A stretch of text within one block. */
export const changeRangeSchema = z.union([
  z.strictObject({
    quote: z.strictObject({
      exact: z.string().min(1).max(10_000),
      prefix: z.string().max(1_000).optional(),
      suffix: z.string().max(1_000).optional(),
    }),
    block: blockIdSchema.optional(),
  }),
  z.strictObject({ start: positionSchema, end: positionSchema }),
  z.strictObject({ block: blockIdSchema, from: offsetSchema.optional(), to: offsetSchema.optional() }),
]);

const blockPlaceSchema = z.union([
  z.strictObject({ before: blockIdSchema }),
  z.strictObject({ after: blockIdSchema }),
  z.strictObject({ at: z.enum(['start', 'end']) }),
]);

const textSchema = z.string().min(1).max(TEXT_MAX);
const marksSchema = z.array(z.looseObject({ type: z.string().min(1).max(100) })).max(20);

/** One operation on a document; its addresses hold in the base state. */
export const changeOperationSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('insert'), at: changePlaceSchema, text: textSchema, marks: marksSchema.optional() }),
  z.strictObject({ op: z.literal('delete'), range: changeRangeSchema }),
  z.strictObject({
    op: z.literal('replace'),
    range: changeRangeSchema,
    text: textSchema,
    marks: marksSchema.optional(),
  }),
  z.strictObject({
    op: z.literal('format'),
    range: changeRangeSchema,
    set: z.record(z.string().min(1).max(100), z.record(z.string(), z.unknown()).nullable()),
  }),
  z.strictObject({
    op: z.literal('insertBlock'),
    to: blockPlaceSchema,
    node: z.looseObject({ type: z.string().min(1) }),
  }),
  z.strictObject({ op: z.literal('moveBlock'), block: blockIdSchema, to: blockPlaceSchema }),
  z.strictObject({ op: z.literal('deleteBlock'), block: blockIdSchema }),
]);

export type ChangePlace = z.infer<typeof changePlaceSchema>;
export type ChangeRange = z.infer<typeof changeRangeSchema>;
export type ChangeBlockPlace = z.infer<typeof blockPlaceSchema>;
export type ChangeOperation = z.infer<typeof changeOperationSchema>;

const REFUSALS = ['not-found', 'ambiguous', 'deleted', 'invalid', 'not-applied'] as const;

/** Why an operation was not applied; `not-applied` where another one stopped all. */
export type ChangeRefusal = (typeof REFUSALS)[number];

/** What became of one operation. */
export const changeResultSchema = z
  .discriminatedUnion('status', [
    z.object({
      status: z.literal('applied'),
      start: z.string().optional().meta({ description: 'Relative position of the start of what is there now.' }),
      end: z.string().optional(),
      block: z.string().optional().meta({ description: 'Address of the block that came to be.' }),
    }),
    z.object({ status: z.literal('refused'), reason: z.enum(REFUSALS), detail: z.string().optional() }),
  ])
  .meta({ id: 'ChangeResult' });

export type ChangeResult = z.infer<typeof changeResultSchema>;
