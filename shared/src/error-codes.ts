import type { CloseReason } from './close-codes.ts';

/** How loudly the server logs an error of this kind. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What one error code means on every surface that can carry it. */
export interface ErrorDefinition {
  /** One sentence for people. */
  readonly title: string;
  /** HTTP status of a REST answer. */
  readonly status: number;
  /** Close code of the socket where the error ends one, else `null`. */
  readonly close: CloseReason | null;
  readonly level: LogLevel;
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean;
}

/** The one table of stable error codes: REST problem details, permission-denied reasons and stateless messages use its keys. */
export const ERRORS = {
  'bad-request': { title: 'The request is not valid.', status: 400, close: null, level: 'info', retryable: false },
  'invalid-document-name': {
    title: 'The document name is not valid.',
    status: 400,
    close: 'forbidden',
    level: 'info',
    retryable: false,
  },
  unauthenticated: {
    title: 'A valid token is needed.',
    status: 401,
    close: 'unauthorized',
    level: 'info',
    retryable: false,
  },
  'token-expired': {
    title: 'The token has expired.',
    status: 401,
    close: 'unauthorized',
    level: 'info',
    retryable: false,
  },
  forbidden: {
    title: 'The token does not allow this.',
    status: 403,
    close: 'forbidden',
    level: 'info',
    retryable: false,
  },
  'origin-refused': {
    title: 'This origin may not connect.',
    status: 403,
    close: null,
    level: 'info',
    retryable: false,
  },
  'read-only': {
    title: 'This session may read but not write.',
    status: 403,
    close: null,
    level: 'info',
    retryable: false,
  },
  'comments-only': {
    title: 'This session may write comments and nothing else.',
    status: 403,
    close: null,
    level: 'info',
    retryable: false,
  },
  'not-found': {
    title: 'There is nothing at this address.',
    status: 404,
    close: null,
    level: 'debug',
    retryable: false,
  },
  'document-not-found': {
    title: 'There is no such document.',
    status: 404,
    close: null,
    level: 'info',
    retryable: false,
  },
  'method-not-allowed': {
    title: 'This method is not allowed here.',
    status: 405,
    close: null,
    level: 'info',
    retryable: false,
  },
  'not-acceptable': {
    title: 'None of the asked-for formats can be given.',
    status: 406,
    close: null,
    level: 'info',
    retryable: false,
  },
  'document-exists': {
    title: 'A document of this name exists already.',
    status: 409,
    close: null,
    level: 'info',
    retryable: false,
  },
  'document-deleted': {
    title: 'The document was deleted.',
    status: 410,
    close: 'forbidden',
    level: 'info',
    retryable: false,
  },
  'payload-too-large': {
    title: 'The request or message is too large.',
    status: 413,
    close: 'messageTooLarge',
    level: 'info',
    retryable: false,
  },
  'unsupported-media-type': {
    title: 'This content type is not supported.',
    status: 415,
    close: null,
    level: 'info',
    retryable: false,
  },
  'malformed-message': {
    title: 'The message does not follow the protocol.',
    status: 400,
    close: 'protocolViolation',
    level: 'warn',
    retryable: false,
  },
  'malformed-update': {
    title: 'The update is not a valid Yjs update.',
    status: 400,
    close: 'protocolViolation',
    level: 'warn',
    retryable: false,
  },
  'forbidden-update': {
    title: 'The update holds something that is not allowed in this document.',
    status: 422,
    close: null,
    level: 'warn',
    retryable: false,
  },
  'limit-exceeded': {
    title: 'This passes a limit of the server or of the document.',
    status: 422,
    close: null,
    level: 'warn',
    retryable: false,
  },
  'quota-exceeded': {
    title: 'The tenant has used up what it may have.',
    status: 403,
    close: null,
    level: 'warn',
    retryable: false,
  },
  'document-full': {
    title: 'The document is as large as it may become; it takes deletions only.',
    status: 422,
    close: null,
    level: 'warn',
    retryable: false,
  },
  'document-large': {
    title: 'The document is close to the largest size that it may have.',
    status: 422,
    close: null,
    level: 'info',
    retryable: false,
  },
  'presence-refused': {
    title: 'The presence state is too large, too deep, or of a client that is not yours.',
    status: 422,
    close: null,
    level: 'info',
    retryable: false,
  },
  'invalid-content': {
    title: 'The content does not fit the format or the schema of the document.',
    status: 422,
    close: null,
    level: 'info',
    retryable: false,
  },
  'unknown-node': {
    title: 'The write would make or drop a node that the schema does not know.',
    status: 422,
    close: null,
    level: 'info',
    retryable: false,
  },
  'conversion-exceeded': {
    title: 'The conversion took more time or memory than it may.',
    status: 422,
    close: null,
    level: 'warn',
    retryable: false,
  },
  'tombstoned-content': {
    title: 'The update brings back content of a deleted document.',
    status: 409,
    close: null,
    level: 'info',
    retryable: false,
  },
  forked: {
    title: 'Another copy already wrote under this client id.',
    status: 409,
    close: null,
    level: 'warn',
    retryable: false,
  },
  'schema-outdated': {
    title: 'The editor is older than the document format; reload it.',
    status: 409,
    close: null,
    level: 'info',
    retryable: false,
  },
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

export type ErrorCode = keyof typeof ERRORS;
