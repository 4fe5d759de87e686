import { ROLES } from '@scriptorium/shared/roles';
import { z } from 'zod';
import { integer, KIBIBYTE, MEBIBYTE, variable } from './config-variable.ts';

const leastRole = z.enum(ROLES).exclude(['none']).default('viewer');

/** Who is seen by whom, and how much clients may say of themselves. */
export const PRESENCE_VARIABLES = {
  PRESENCE_SEE_ROLE: variable(leastRole, 'viewer', 'Least role that sees who else is in a document.'),
  PRESENCE_SHOW_ROLE: variable(
    leastRole,
    'viewer',
    'Least role that others see in a document; with `commenter`, people who only read show no cursor.',
  ),
  LIMIT_PRESENCE_BYTES: integer(
    { from: 256, to: 64 * KIBIBYTE, fallback: 4 * KIBIBYTE },
    'Largest state of presence (awareness) of one client; a larger one is left out.',
  ),
  LIMIT_PRESENCE_CLIENTS: integer(
    { from: 1, to: 100, fallback: 4 },
    'ClientIDs that one session may announce at the same time.',
  ),
  LIMIT_PRESENCE_PER_SECOND: integer(
    { from: 1, to: 100, fallback: 30 },
    'How often in a second others hear of one client; in between, what it says last counts.',
  ),
} as const;

/** Bounds that nobody honest meets; each has an error code and a metric. */
export const LIMIT_VARIABLES = {
  LIMIT_MESSAGE_BYTES: integer(
    { from: 1024, to: 256 * MEBIBYTE, fallback: 16 * MEBIBYTE },
    'Largest WebSocket message.',
  ),
  LIMIT_UPDATES_PER_SECOND: integer(
    { from: 1, to: 100_000, fallback: 60 },
    'Updates a connection may send per second for long; beyond it the server stops reading for a while.',
  ),
  LIMIT_UPDATES_BURST: integer(
    { from: 1, to: 1_000_000, fallback: 600 },
    "Updates a connection may send at once, a returning client's offline edits for example.",
  ),
  LIMIT_BYTES_PER_SECOND: integer(
    { from: 1024, to: 1024 * MEBIBYTE, fallback: 4 * MEBIBYTE },
    'Bytes a connection may send per second for long; beyond it the server stops reading for a while.',
  ),
  LIMIT_BYTES_BURST: integer(
    { from: 64 * KIBIBYTE, to: 4096 * MEBIBYTE, fallback: 8 * MEBIBYTE },
    'Bytes a connection may send at once.',
  ),
  LIMIT_LOGIN_BYTES: integer(
    { from: 1024, to: MEBIBYTE, fallback: 16 * KIBIBYTE },
    'Largest message of a connection that has shown no token yet.',
  ),
  LIMIT_LOGIN_SECONDS: integer({ from: 1, to: 600, fallback: 10 }, 'Time in which a connection must sign in.'),
  LIMIT_OUTPUT_BYTES: integer(
    { from: MEBIBYTE, to: 4096 * MEBIBYTE, fallback: 64 * MEBIBYTE },
    'What may wait for a connection that reads too slowly, besides the document it asked for; beyond it the connection is cut.',
  ),
  LIMIT_NODE_OUTPUT_BYTES: integer(
    { from: MEBIBYTE, to: 65_536 * MEBIBYTE, fallback: 64 * MEBIBYTE },
    'What may wait, in the same way, for all connections together, where what many wait for counts once; beyond it those with the most are cut.',
  ),
  LIMIT_FRAGMENTS: integer({ from: 1, to: 16_384, fallback: 64 }, 'Fragments of one WebSocket message.'),
  LIMIT_FAILURES_PER_ADDRESS: integer(
    { from: 5, to: 1_000_000, fallback: 100 },
    'Bad tokens and broken messages of one address per minute; beyond it its connections are refused. Loopback addresses are exempt.',
  ),
  LIMIT_CONNECTIONS_PER_ADDRESS: integer(
    { from: 1, to: 1_000_000, fallback: 200 },
    'WebSocket connections from one address; loopback addresses are exempt.',
  ),
  LIMIT_HTTP_CONNECTIONS_PER_ADDRESS: integer(
    { from: 1, to: 1_000_000, fallback: 1_000 },
    'Connections of any kind from one address; loopback addresses and `TRUSTED_PROXIES` are exempt.',
  ),
  LIMIT_DOCUMENTS_PER_CONNECTION: integer({ from: 1, to: 10_000, fallback: 50 }, 'Documents open on one connection.'),
  LIMIT_SESSIONS_PER_DOCUMENT: integer(
    { from: 1, to: 100, fallback: 1 },
    'Sessions of one document on one connection (`sessionAwareness` of @hocuspocus/provider).',
  ),
  LIMIT_DOCUMENT_BYTES: integer(
    { from: 64 * KIBIBYTE, to: 1024 * MEBIBYTE, fallback: 64 * MEBIBYTE },
    'Largest document, encoded; those who write are told at four fifths of it, and at the end only deletions are taken.',
  ),
  LIMIT_TENANT_DOCUMENTS: integer(
    { from: 0, to: 1_000_000_000, fallback: 0 },
    'Documents of one tenant; 0 for no limit.',
  ),
  LIMIT_TENANT_BYTES: integer(
    { from: 0, to: 1_000_000_000_000_000 - 1, fallback: 0 },
    'Bytes of all documents of one tenant as they are now, without their past; 0 for no limit.',
  ),
  LIMIT_USER_UPDATES_PER_SECOND: integer(
    { from: 0, to: 1_000_000, fallback: 0 },
    'Updates of one user over all connections, on all nodes where there is `REDIS_URL`; beyond it none of them is read for a while; 0 for no limit.',
  ),
  LIMIT_USER_BYTES_PER_SECOND: integer({ from: 0, to: 100_000_000, fallback: 0 }, 'Bytes, in the same way.'),
  LIMIT_TENANT_UPDATES_PER_SECOND: integer(
    { from: 0, to: 1_000_000, fallback: 0 },
    'Updates of one tenant, in the same way.',
  ),
  LIMIT_TENANT_BYTES_PER_SECOND: integer({ from: 0, to: 100_000_000, fallback: 0 }, 'Bytes of one tenant, likewise.'),
  LIMIT_CONNECTIONS_PER_TENANT: integer(
    { from: 0, to: 10_000_000, fallback: 0 },
    'Connections of one tenant to one node; 0 for no limit.',
  ),
  LIMIT_REQUESTS_PER_MINUTE: integer(
    { from: 0, to: 1_000_000, fallback: 100 },
    'REST requests of one user per minute; 0 for no limit.',
  ),
  LIMIT_ANONYMOUS_REQUESTS_PER_MINUTE: integer(
    { from: 0, to: 1_000_000, fallback: 20 },
    'REST requests without a valid token of one address per minute; 0 for no limit. What an app asks before a sign-in is exempt.',
  ),
  LIMIT_BODY_BYTES: integer({ from: 1024, to: 256 * MEBIBYTE, fallback: MEBIBYTE }, 'Largest body of a REST request.'),
  LIMIT_WRITER_PENDING_BYTES: integer(
    { from: MEBIBYTE, to: 4096 * MEBIBYTE, fallback: 64 * MEBIBYTE },
    'Edits that wait for the store, over all documents; beyond it new ones are refused until it catches up.',
  ),
  LIMIT_RENDERING_BYTES: integer(
    { from: 0, to: 4096 * MEBIBYTE, fallback: 32 * MEBIBYTE },
    'Renderings of documents that a node keeps for REST; 0 keeps none.',
  ),
} as const;
