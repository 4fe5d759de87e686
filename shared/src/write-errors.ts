import type { ErrorDefinition } from './error-definition.ts';

/** Errors of writes by programs: about the state that a request names, and requests that are sent again. */
export const WRITE_ERRORS = {
  'incomplete-update': {
    title: 'The update refers to edits that the document does not have.',
    status: 409,
    close: null,
    level: 'info',
    retryable: false,
  },
  'unknown-base': {
    title: 'The document does not have the state that the operations are addressed in.',
    status: 409,
    close: null,
    level: 'info',
    retryable: false,
  },
  'request-in-progress': {
    title: 'A request with this idempotency key is still under way; ask again shortly.',
    status: 409,
    close: null,
    level: 'info',
    retryable: true,
  },
  'precondition-failed': {
    title: 'The document is not in the state that the request names.',
    status: 412,
    close: null,
    level: 'info',
    retryable: false,
  },
  'idempotency-key-reused': {
    title: 'The idempotency key was used for another request.',
    status: 422,
    close: null,
    level: 'info',
    retryable: false,
  },
} as const satisfies Record<string, ErrorDefinition>;
