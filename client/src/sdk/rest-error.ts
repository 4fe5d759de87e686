import type { Problem } from '@scriptorium/shared/problem';

/** An answer that is an error; `code` is of the shared error table, or `unreachable` when there was no answer. */
export class RestError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(
    problem: { readonly code: string; readonly status: number; readonly title: string },
    options?: ErrorOptions,
  ) {
    super(problem.title, options);
    this.name = 'RestError';
    this.code = problem.code;
    this.status = problem.status;
  }
}

/** The error that an answer stands for, also where it is a proxy's page. */
export async function readProblem(response: Response): Promise<RestError> {
  const fallback = { code: 'internal', status: response.status, title: `The server answered with ${response.status}.` };
  try {
    const value: unknown = await response.json();
    return new RestError(isProblem(value) ? value : fallback);
  } catch {
    return new RestError(fallback);
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'title' in value && 'status' in value;
}
