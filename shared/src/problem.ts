import { z } from 'zod';
import { ERRORS, type ErrorCode } from './error-codes.ts';

/** A field of the request that broke its schema. */
const fieldProblemSchema = z.object({
  /** JSON pointer into the body, or the parameter's name behind a slash. */
  field: z.string(),
  message: z.string(),
});

/** RFC 9457 problem details, with the stable `code` of the shared error table. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    code: z.string(),
    errors: z.array(fieldProblemSchema).optional(),
  })
  .meta({
    id: 'Problem',
    description: 'What went wrong, as RFC 9457 problem details. `code` is stable; `detail` is for people.',
    examples: [
      {
        type: 'urn:scriptorium:problem:document-not-found',
        title: ERRORS['document-not-found'].title,
        status: 404,
        code: 'document-not-found',
      },
    ],
  });

export type Problem = z.infer<typeof problemSchema>;

/** Media type of every REST error. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Builds the problem details of one error code. */
export function createProblem(code: ErrorCode, detail?: string): Problem {
  const { title, status } = ERRORS[code];
  const problem = { type: `urn:scriptorium:problem:${code}`, title, status, code };
  return detail === undefined ? problem : { ...problem, detail };
}
