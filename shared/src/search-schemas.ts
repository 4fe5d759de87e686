import { z } from 'zod';
import { DOCUMENT_NAME_MAX_LENGTH } from './document-name.ts';
import { parseGrantResource } from './grant-resource.ts';

/** Hits on a page when the caller does not say, and at most. */
const SEARCH_LIMIT_DEFAULT = 10;
const SEARCH_LIMIT_MAX = 100;
const FILTER_VALUES_MAX = 50;

const EXAMPLE_TIME = '2026-11-23T09:30:00.000Z';
const EXAMPLE_BLOCK = '3172458113:42';

const SEARCH_SORTS = ['relevance', 'updated', 'name'] as const;

const querySchema = z
  .string()
  .max(500)
  .default('')
  .meta({
    description:
      'Words, `"phrases in quotes"`, and `-word` or `-"phrase"` for what must not be there. The last word is a beginning ' +
      'unless a space follows it. Case, accents and typing mistakes are forgiven. Without words, all that pass the filter.',
    examples: ['quarterly plan', '"blue sky" -green'],
  });
const limitSchema = z.int().min(1).max(SEARCH_LIMIT_MAX).default(SEARCH_LIMIT_DEFAULT);
const cursorSchema = z.string().min(1).max(256).meta({ description: '`nextCursor` of the page before.' });
const sortSchema = z
  .enum(SEARCH_SORTS)
  .default('relevance')
  .meta({ description: '`relevance`: the best first; `updated`: the last changed first; `name`.' });
const namesSchema = z
  .string()
  .max(DOCUMENT_NAME_MAX_LENGTH + 1)
  .refine((text) => parseGrantResource(text) !== null, 'is neither a document name nor a prefix with a * behind it')
  .meta({ description: 'A document name, or a prefix with a `*` behind it.', examples: ['notes/*'] });
const filterTextSchema = z.string().min(1).max(256);

/** What a search is narrowed to, besides its words. */
export const searchFilterSchema = z
  .strictObject({
    authors: z
      .array(filterTextSchema)
      .max(FILTER_VALUES_MAX)
      .optional()
      .meta({ description: 'Any of these users wrote in it.' }),
    tags: z
      .array(filterTextSchema)
      .max(FILTER_VALUES_MAX)
      .optional()
      .meta({ description: 'It has all of these `#tags`.' }),
    names: namesSchema.optional(),
    updatedFrom: z.iso.datetime().optional(),
    updatedBefore: z.iso.datetime().optional(),
  })
  .meta({ id: 'SearchFilter', examples: [{ authors: ['ada'], updatedFrom: EXAMPLE_TIME }] });

export type SearchFilterView = z.infer<typeof searchFilterSchema>;

/** Body of `POST /v1/search`. */
export const searchBodySchema = z
  .strictObject({
    q: querySchema,
    limit: limitSchema,
    cursor: cursorSchema.optional(),
    filter: searchFilterSchema.optional(),
    sort: sortSchema,
  })
  .meta({ id: 'SearchRequest', examples: [{ q: 'quarterly plan', limit: 10, sort: 'relevance' }] });

export type SearchBody = z.infer<typeof searchBodySchema>;

const filterTermSchema = z
  .string()
  .max(300)
  .regex(/^(author|tag|name|updated-from|updated-before):./s, 'is not a filter')
  .meta({
    description:
      '`author:`, `tag:`, `name:` (a name or prefix with `*`), `updated-from:` or `updated-before:` and a value; repeated for several.',
    examples: ['author:ada', 'name:notes/*'],
  });

/** Query of `GET /v1/search`. */
export const searchQuerySchema = z.strictObject({
  q: querySchema,
  limit: z.coerce.number().pipe(z.int().min(1).max(SEARCH_LIMIT_MAX)).default(SEARCH_LIMIT_DEFAULT),
  cursor: cursorSchema.optional(),
  filter: z.union([filterTermSchema, z.array(filterTermSchema).max(2 * FILTER_VALUES_MAX)]).optional(),
  sort: sortSchema,
});

const rangeSchema = z
  .object({ start: z.int(), end: z.int() })
  .meta({ id: 'TextRange', description: 'A stretch of the text, in UTF-16 units.' });

const snippetSchema = z
  .object({
    text: z.string(),
    ranges: z.array(rangeSchema).meta({ description: 'What was found in it, in order.' }),
    cutStart: z.boolean().meta({ description: 'Whether text was left out in front.' }),
    cutEnd: z.boolean().meta({ description: 'Whether text was left out behind.' }),
  })
  .meta({ id: 'Snippet' });

export type SnippetView = z.infer<typeof snippetSchema>;

const searchHitSchema = z
  .object({
    name: z.string(),
    title: snippetSchema.meta({ description: 'The heading that the document begins with, or its name.' }),
    epoch: z.int(),
    seq: z.int().meta({ description: 'The state that was searched; the document may have gone on.' }),
    updatedAt: z.iso.datetime(),
    blocks: z
      .array(
        z.object({
          id: z.string().meta({ description: 'Address of the block in the document.', examples: [EXAMPLE_BLOCK] }),
          headings: z.array(z.string()).meta({ description: 'The headings above it, the outermost first.' }),
          snippet: snippetSchema,
        }),
      )
      .meta({
        description: 'The blocks in which most was found, the best first; none when only title or name has it.',
      }),
  })
  .meta({ id: 'SearchHit' });

export type SearchHitView = z.infer<typeof searchHitSchema>;

/** One page of what was found. There is no count: it would tell of what one may not read. */
export const searchPageSchema = z
  .object({
    hits: z.array(searchHitSchema),
    suggestions: z.array(z.string()).meta({
      description: 'The query with its last word as documents that were found have it, the most frequent first.',
    }),
    nextCursor: z.string().nullable().meta({ description: 'Pass as `cursor` for the next page; `null` at the end.' }),
  })
  .meta({
    id: 'SearchPage',
    examples: [
      {
        hits: [
          {
            name: 'notes/today',
            title: { text: 'Today', ranges: [], cutStart: false, cutEnd: false },
            epoch: 1,
            seq: 42,
            updatedAt: EXAMPLE_TIME,
            blocks: [
              {
                id: EXAMPLE_BLOCK,
                headings: ['Plans'],
                snippet: {
                  text: 'the quarterly plan',
                  ranges: [{ start: 4, end: 13 }],
                  cutStart: false,
                  cutEnd: false,
                },
              },
            ],
          },
        ],
        suggestions: ['quarterly'],
        nextCursor: null,
      },
    ],
  });

export type SearchPageView = z.infer<typeof searchPageSchema>;

/** Answer of `POST` and `GET /v1/search/rebuild`. */
export const searchRebuildSchema = z
  .object({
    state: z.enum(['idle', 'running', 'finished', 'failed']),
    step: z.enum(['filling', 'catching-up', 'checking']).optional(),
    documents: z.int().optional().meta({ description: 'Documents in the fresh index.' }),
    leftOut: z.int().optional().meta({ description: 'Documents that cannot be read.' }),
    startedAt: z.iso.datetime().optional(),
    endedAt: z.iso.datetime().optional(),
    reason: z.string().optional().meta({ description: 'Why it failed.' }),
  })
  .meta({ id: 'SearchRebuild', examples: [{ state: 'running', step: 'filling', documents: 1200, leftOut: 0 }] });

export type SearchRebuildView = z.infer<typeof searchRebuildSchema>;
