import { z } from 'zod';
import { flag, integer, KIBIBYTE, MEBIBYTE, optionalText, optionalUrl, variable } from './config-variable.ts';

const POSTGRES = ['postgres', 'postgresql'] as const;
const REDIS = ['redis', 'rediss', 'redis+sentinel', 'rediss+sentinel', 'redis+cluster', 'rediss+cluster'] as const;

/** The variables that choose stores; without them everything is embedded in `DATA_DIR`. */
export const STORE_VARIABLES = {
  DATABASE_URL: optionalUrl(
    POSTGRES,
    'PostgreSQL 15 or newer that keeps log and catalog, `postgres://user:password@host/name?sslmode=verify-full`; several nodes may share it.',
  ),
  DATABASE_URL_DIRECT: optionalUrl(
    POSTGRES,
    'The same database past its pooler, for migrations; `DATABASE_URL` when absent.',
  ),
  DATABASE_REPLICA_URL: optionalUrl(POSTGRES, 'A read-only replica, for reads of history and exports.'),
  DATABASE_CA_FILE: optionalText('File with the certificates that may sign the database server, in PEM.'),
  DATABASE_POOL_SIZE: integer({ from: 2, to: 200, fallback: 10 }, 'Connections that a node opens to the database.'),
  DATABASE_MIGRATE: variable(
    z.enum(['auto', 'check'], { error: 'must be auto or check' }).default('auto'),
    'auto',
    '`auto` brings the schema up to date at start; `check` refuses to start while `scriptorium migrate` is due.',
  ),
  REDIS_URL: optionalUrl(
    REDIS,
    'Redis 7 or newer, or Valkey, that carries edits and cursors between nodes: `redis://host:6379`, `rediss://` for TLS, `redis+sentinel://a:26379,b:26379/name`, `redis+cluster://a:6379,b:6379`.',
  ),
  REDIS_PREFIX: variable(
    z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
      .default('scriptorium'),
    'scriptorium',
    'First part of every channel in Redis, so that installations can share one.',
  ),
  S3_BUCKET: optionalText(
    'Bucket for large snapshots and history; without it they lie in the database, or in `DATA_DIR` when embedded.',
  ),
  S3_ENDPOINT: optionalUrl(['http', 'https'], "Address of an S3 other than Amazon's."),
  S3_REGION: variable(z.string().max(64).default('us-east-1'), 'us-east-1', 'Region of the bucket.'),
  S3_FORCE_PATH_STYLE: flag(false, 'Whether the bucket stands in the path instead of the host name.'),
  AWS_ACCESS_KEY_ID: optionalText("Key of the bucket; without it the AWS SDK's own chain is asked."),
  AWS_SECRET_ACCESS_KEY: optionalText('Its secret.'),
  AWS_SESSION_TOKEN: optionalText('Token that goes with a temporary key.'),
  SEARCH_ENABLED: flag(true, 'Whether documents can be searched.'),
  MEILI_URL: optionalUrl(
    ['http', 'https'],
    'Meilisearch 1.33.1 or newer that is searched; without it each node searches an index of its own in `DATA_DIR`.',
  ),
  MEILI_API_KEY: optionalText('Its key, with the rights to indexes, documents, settings, tasks and search.'),
  MEILI_INDEX: variable(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, dashes or underscores')
      .default('scriptorium'),
    'scriptorium',
    'Name of the index in Meilisearch, so that installations can share one.',
  ),
  SEARCH_FALLBACK: flag(
    false,
    'Whether a node with `MEILI_URL` also keeps an index of its own in `DATA_DIR`, and searches that while Meilisearch does not answer.',
  ),
  SNAPSHOT_INLINE_BYTES: integer(
    { from: 0, to: 16 * MEBIBYTE, fallback: 64 * KIBIBYTE },
    'Snapshots up to this size lie in the database itself.',
  ),
  SNAPSHOT_KEEP_DAYS: integer(
    { from: 0, to: 3_650, fallback: 3 },
    'Days of which the last snapshot is kept, besides the newest two.',
  ),
  LOG_ROWS_HOURS: integer(
    { from: 1, to: 87_600, fallback: 24 },
    'Hours that a row stays in the log at least; after that it is in the history alone, once it is archived.',
  ),
  AUDIT_KEEP_DAYS: variable(
    z
      .string()
      .regex(/^[1-9]\d{0,4}$/, 'must be a whole number of days from 1 to 99999')
      .transform(Number)
      .optional(),
    '',
    'Days for which rows of the audit log stay in the database once they are exported to `S3_BUCKET`; without it they stay for ever.',
  ),
  DELETED_KEEP_DAYS: integer(
    { from: 0, to: 3_650, fallback: 7 },
    'Days for which the rows, snapshots and history of a deleted document are kept.',
  ),
} as const;
