import { z } from 'zod';
import { timeSchema } from './rest-schemas.ts';

/** Rows of the log that one page of the history is made of. */
const HISTORY_ROWS_MAX = 50_000;
const HISTORY_ROWS_DEFAULT = 10_000;
const PAUSE_MINUTES_DEFAULT = 15;

/** A row of the log by its number, from 0, the empty document. */
const seqSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A point of a document's past: the number of a row, or the id of a version. */
export const pointSchema = z
  .string()
  .regex(
    /^(?:\d{1,15}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    'is neither a row number nor the id of a version',
  )
  .meta({ description: 'A point of the past: a `seq`, or the id of a version.', examples: ['42'] });

export const historyQuerySchema = z.strictObject({
  before: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: '`earlier` of the page before; without it the page ends at the newest row.' }),
  rows: z.coerce
    .number()
    .int()
    .min(1)
    .max(HISTORY_ROWS_MAX)
    .default(HISTORY_ROWS_DEFAULT)
    .meta({ description: 'Rows of the log that the page is made of.' }),
  pause: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 60)
    .default(PAUSE_MINUTES_DEFAULT)
    .meta({ description: 'Minutes without an edit that end a sitting.' }),
});

const sittingSchema = z
  .object({
    author: z.string(),
    fromSeq: seqSchema,
    toSeq: seqSchema,
    from: timeSchema,
    to: timeSchema,
    inserted: z.number().int().meta({ description: 'Characters of text that came in.' }),
    deleted: z.number().int().meta({ description: 'Characters, nodes and formats that were deleted.' }),
  })
  .meta({ id: 'Sitting', description: 'A time in which one person worked without a longer pause.' });

const rangeSchema = z.object({ fromSeq: seqSchema, toSeq: seqSchema });

/** Answer of `GET /v1/documents/{name}/history`. */
export const historySchema = z
  .object({
    sittings: z.array(sittingSchema).meta({ description: 'The newest first.' }),
    unreadable: z.array(rangeSchema).meta({ description: 'Rows that are damaged where they are stored.' }),
    earlier: seqSchema.nullable().meta({
      description:
        'Pass as `before` for the page before this one; `null` at the beginning. A sitting that goes on there is told again with its part of it.',
    }),
  })
  .meta({ id: 'History' });

export type HistoryView = z.infer<typeof historySchema>;

export const diffQuerySchema = z.strictObject({
  from: pointSchema,
  to: pointSchema.optional().meta({ description: 'The newest row when absent.' }),
  format: z.enum(['json', 'html']).default('json'),
});

export const blameQuerySchema = z.strictObject({
  at: pointSchema.optional().meta({ description: 'The newest row when absent.' }),
});

const authoredSchema = z
  .looseObject({
    kind: z.enum(['same', 'inserted', 'deleted', 'formatted', 'changed']),
    by: z.object({ author: z.string(), seq: seqSchema, at: timeSchema }).nullable(),
  })
  .meta({
    id: 'Authored',
    description:
      'A stretch of text (`text`, `marks`) or a node (`id`, `type`, `attrs`, `attrsBefore` where they changed, `content`), ' +
      'and who did to it what `kind` says; `by` is null where nobody did anything, or the log does not say who. What one ' +
      'person did to neighbouring text in several rows is one stretch, with the number of the first of them in the text.',
  });

const authoredContentSchema = z.object({
  blocks: z.array(authoredSchema).meta({ description: 'The rich text.' }),
  roots: z.record(z.string(), z.array(authoredSchema)).meta({ description: 'Other texts by name.' }),
});

/** Answer of `GET /v1/documents/{name}/diff`. */
export const diffSchema = authoredContentSchema.extend({ from: seqSchema, to: seqSchema }).meta({ id: 'Diff' });

export type DiffView = z.infer<typeof diffSchema>;

/** Answer of `GET /v1/documents/{name}/blame`. */
export const blameSchema = authoredContentSchema.extend({ at: seqSchema }).meta({ id: 'Blame' });

export type BlameView = z.infer<typeof blameSchema>;
