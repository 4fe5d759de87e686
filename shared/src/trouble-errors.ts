import type { ErrorDefinition } from './error-definition.ts';

/** Errors that are no fault of the request: too much at once, a store that is away, a server that goes away, a mistake of ours. */
export const TROUBLE_ERRORS = {
  'rate-limited': { title: 'Too many requests; slow down.', status: 429, close: null, level: 'info', retryable: true },
  internal: {
    title: 'Something went wrong on our side.',
    status: 500,
    close: 'internal',
    level: 'error',
    retryable: true,
  },
  'document-quarantined': {
    title: 'The stored document is damaged and was set aside.',
    status: 500,
    close: 'forbidden',
    level: 'error',
    retryable: false,
  },
  'document-failing': {
    title: 'The document failed again and again and is left alone for a moment.',
    status: 500,
    close: 'forbidden',
    level: 'error',
    retryable: false,
  },
  'too-many-connections': {
    title: 'The tenant has all the connections open that it may; try again shortly.',
    status: 429,
    close: 'unavailable',
    level: 'warn',
    retryable: true,
  },
  'storage-unavailable': {
    title: 'The store does not answer; nothing was lost, try again.',
    status: 503,
    close: 'unavailable',
    level: 'warn',
    retryable: true,
  },
  'search-unavailable': {
    title: 'Search does not answer; documents are not affected, try again.',
    status: 503,
    close: null,
    level: 'warn',
    retryable: true,
  },
  'identity-unavailable': {
    title: 'The keys that tokens are checked with cannot be had; try again.',
    status: 503,
    close: 'unavailable',
    level: 'warn',
    retryable: true,
  },
  overloaded: {
    title: 'The server is full; try again shortly.',
    status: 503,
    close: 'unavailable',
    level: 'warn',
    retryable: true,
  },
  'room-discarded': {
    title: 'The live document was dropped and is loaded anew.',
    status: 503,
    close: 'roomDiscarded',
    level: 'warn',
    retryable: true,
  },
  'shutting-down': {
    title: 'The server is going away; reconnect.',
    status: 503,
    close: 'goingAway',
    level: 'info',
    retryable: true,
  },
  'slow-reader': {
    title: 'The connection took none of its messages for too long.',
    status: 408,
    close: 'slowReader',
    level: 'info',
    retryable: true,
  },
} as const satisfies Record<string, ErrorDefinition>;
