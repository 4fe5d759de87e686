import { ERRORS, type ErrorCode } from '@scriptorium/shared/error-codes';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '@scriptorium/shared/problem';

interface ProblemResponse {
  readonly description: string;
  readonly content: { readonly [PROBLEM_MEDIA_TYPE]: { readonly schema: typeof problemSchema } };
}

/** The problem responses of a route for its OpenAPI description, by status. */
export function problemResponses(...codes: readonly ErrorCode[]): Record<number, ProblemResponse> {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('\n\n'),
        content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
      },
    ]),
  );
}

/** Codes that every route behind a token can answer with. */
export const TOKEN_PROBLEMS = [
  'unauthenticated',
  'token-expired',
  'rate-limited',
  'internal',
  'storage-unavailable',
] as const satisfies readonly ErrorCode[];

/** The security requirement of routes behind a token. */
export const BEARER_SECURITY = [{ bearer: [] }];
