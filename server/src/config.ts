import type { Role } from '@scriptorium/shared/roles';
import { z } from 'zod';
import {
  type Environment,
  findLimitProblems,
  findShutdownProblems,
  findStoreProblems,
  findTokenProblems,
  findUnknown,
  findWarnings,
} from './config-problems.ts';
import { toLimits, type LimitsConfig } from './config-limits.ts';
import type { PresencePolicy } from './core/presence-policy.ts';
import type { AwarenessLimits } from './rooms/awareness.ts';
import { SECRET_VARIABLES, VARIABLES, type VariableName } from './config-variables.ts';

/** What stands behind the ports of a node; `null` is the embedded choice. */
export interface StoresConfig {
  readonly database: {
    readonly url: string;
    /** Past a pooler, for migrations. */
    readonly directUrl: string;
    readonly replicaUrl: string | null;
    readonly caFile: string | null;
    readonly poolSize: number;
    /** Whether a schema that is behind is brought up to date at start, or refused. */
    readonly migrate: 'auto' | 'check';
  } | null;
  readonly redis: { readonly url: string; readonly prefix: string } | null;
  readonly objects: {
    readonly bucket: string;
    /** `null`: Amazon's own. */
    readonly endpoint: string | null;
    readonly region: string;
    readonly forcePathStyle: boolean;
    /** `null`: the SDK looks for them itself. */
    readonly credentials: {
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | null;
    } | null;
  } | null;
  /** Snapshots up to this size lie in the database itself. */
  readonly inlineBytes: number;
  /** Days of which the last snapshot is kept. */
  readonly keepDays: number;
  /** Milliseconds that rows stay in the log at least, and that what a deleted document held is kept. */
  readonly rowMinAge: number;
  readonly deletedAfter: number;
  /** Milliseconds that exported rows of the audit log stay in the database at least; infinite for ever. */
  readonly auditKeptFor: number;
}

/** What is searched. */
export interface SearchConfig {
  /** `null`: an index of the node's own. */
  readonly engine: { readonly url: string; readonly apiKey: string | null; readonly index: string } | null;
  /** Whether an index of the node's own stands in for an engine that does not answer. */
  readonly fallback: boolean;
}

/** What one environment asks for, checked and frozen. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** As written; relative to the working directory. */
  readonly dataDir: string;
  readonly tokens: {
    /** Without it and a key set: development mode, the server makes a secret and people sign in by name. */
    readonly secret: string | null;
    readonly issuer: string | null;
    readonly audience: string | null;
    readonly keySet: { readonly url: string; readonly issuer: string | null; readonly audience: string | null } | null;
    readonly toleranceMs: number;
    /** Tenant-wide role of a token that says nothing about it. */
    readonly defaultRole: Role;
  };
  readonly stores: StoresConfig;
  /** Who sees who is here, whom others see, and how much a client may say of itself. */
  readonly presence: { readonly policy: PresencePolicy; readonly limits: AwarenessLimits };
  /** `null` where search is switched off. */
  readonly search: SearchConfig | null;
  /** When versions are made by themselves: milliseconds and rows since the one before; 0 leaves it out. */
  readonly versions: { readonly after: number; readonly rows: number };
  readonly events: {
    /** Networks besides the public internet that webhooks may lead into. */
    readonly allowedNetworks: readonly string[];
    /** Milliseconds without a new row after which a change is told of. */
    readonly quietMs: number;
    /** Milliseconds that events and the log of deliveries are kept. */
    readonly keepMs: number;
  };
  /** Origins besides the server's own; `*` stands for any. */
  readonly allowedOrigins: readonly string[];
  /** Tenants that metrics name; the rest is counted as one. */
  readonly metricsTenants: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly limits: LimitsConfig;
  /** Addresses and networks whose word about who is behind them is taken. */
  readonly trustedProxies: readonly string[];
  readonly shutdownTimeoutMs: number;
  /** Milliseconds of that in which everything goes on but `/readyz`. */
  readonly shutdownPauseMs: number;
  /** Milliseconds before each commit, for tests of what is claimed meanwhile. */
  readonly testAppendDelayMs: number;
  /** Sentences for the log: allowed, but not wise. */
  readonly warnings: readonly string[];
}

export type ConfigResult =
  | { readonly kind: 'ok'; readonly config: Config }
  /** One line for each problem, fit to be shown as it is. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** The table of all variables, for the README and its test. */
export const configReference: readonly {
  readonly name: VariableName;
  readonly default: string;
  readonly meaning: string;
}[] = variableNames().map((name) => ({ name, default: VARIABLES[name].fallback, meaning: VARIABLES[name].meaning }));

/**
 * Reads the configuration out of an environment. Pure but for `readFile`, which reads the file that a `_FILE`
 * variable names, as text, and may throw.
 */
export function parseConfig(environment: Environment, readFile: (path: string) => string): ConfigResult {
  const given = withoutEmpty(environment);
  const problems = [...findUnknown(given)];
  const values = readSecretFiles(given, { readFile, problems });
  problems.push(...findStoreProblems(values));
  const parsed = environmentSchema.safeParse(values);
  if (!parsed.success)
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`));
  else {
    const { data } = parsed;
    problems.push(...findTokenProblems(data, given), ...findLimitProblems(data), ...findShutdownProblems(data));
  }
  if (!parsed.success || problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'ok', config: freezeDeeply(toConfig(parsed.data, findWarnings(parsed.data, given))) };
}

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;

type Schemas = { readonly [Name in VariableName]: (typeof VARIABLES)[Name]['schema'] };
const environmentSchema = z.object(
  // Entries lose their types; each name keeps the schema of its own variable.
  Object.fromEntries(variableNames().map((name) => [name, VARIABLES[name].schema])) as unknown as Schemas,
);

type Values = z.infer<typeof environmentSchema>;

function variableNames(): readonly VariableName[] {
  return Object.keys(VARIABLES) as VariableName[];
}

/** Compose files write `X=${X:-}`, so an empty value means that there is none. */
function withoutEmpty(environment: Environment): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value.trim() !== '') given[name] = value.trim();
  }
  return given;
}

function readSecretFiles(
  given: Record<string, string>,
  { readFile, problems }: { readonly readFile: (path: string) => string; readonly problems: string[] },
): Record<string, string> {
  const values = { ...given };
  for (const name of SECRET_VARIABLES) {
    const path = given[`${name}_FILE`];
    if (path === undefined) continue;
    if (given[name] !== undefined) {
      problems.push(`${name} and ${name}_FILE are both set. Keep one.`);
      continue;
    }
    try {
      values[name] = readFile(path).trim();
      if (values[name] === '') problems.push(`${name}_FILE names ${path}, which is empty.`);
    } catch {
      problems.push(`${name}_FILE names ${path}, which cannot be read.`);
    }
  }
  return values;
}

function toConfig(values: Values, warnings: readonly string[]): Config {
  return {
    host: values.HOST,
    port: values.PORT,
    dataDir: values.DATA_DIR,
    tokens: toTokens(values),
    stores: toStores(values),
    presence: {
      policy: { seeRole: values.PRESENCE_SEE_ROLE, showRole: values.PRESENCE_SHOW_ROLE },
      limits: {
        statesPerSession: values.LIMIT_PRESENCE_CLIENTS,
        stateBytes: values.LIMIT_PRESENCE_BYTES,
        perSecond: values.LIMIT_PRESENCE_PER_SECOND,
      },
    },
    search: toSearch(values),
    versions: { after: values.VERSION_MINUTES * MINUTE, rows: values.VERSION_ROWS },
    events: {
      allowedNetworks: values.WEBHOOK_ALLOWED_NETWORKS,
      quietMs: values.EVENTS_QUIET_SECONDS * 1000,
      keepMs: values.EVENTS_KEEP_DAYS * 24 * HOUR,
    },
    allowedOrigins: values.ALLOWED_ORIGINS,
    logLevel: values.LOG_LEVEL,
    metricsTenants: values.METRICS_TENANTS,
    limits: toLimits(values),
    trustedProxies: values.TRUSTED_PROXIES,
    testAppendDelayMs: values.SCRIPTORIUM_TEST_APPEND_DELAY_MS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_SECONDS * 1000,
    shutdownPauseMs: values.SHUTDOWN_PAUSE_SECONDS * 1000,
    warnings,
  };
}

function toTokens(values: Values): Config['tokens'] {
  const { JWT_SECRET: secret = null, JWT_ISSUER: issuer = null, JWT_AUDIENCE: audience = null, JWKS_URL: url } = values;
  const keySet =
    url === undefined
      ? null
      : { url, issuer: values.JWKS_ISSUER ?? issuer, audience: values.JWKS_AUDIENCE ?? audience };
  const toleranceMs = values.JWT_CLOCK_TOLERANCE_SECONDS * 1000;
  return { secret, issuer, audience, keySet, toleranceMs, defaultRole: values.JWT_DEFAULT_ROLE };
}

function toStores(values: Values): StoresConfig {
  const { DATABASE_URL: url, REDIS_URL: redisUrl, S3_BUCKET: bucket } = values;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = values;
  const database = url === undefined ? null : toDatabase(values, url);
  const redis = redisUrl === undefined ? null : { url: redisUrl, prefix: values.REDIS_PREFIX };
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? null
      : { accessKeyId, secretAccessKey, sessionToken: values.AWS_SESSION_TOKEN ?? null };
  const { S3_ENDPOINT: endpoint = null, S3_REGION: region, S3_FORCE_PATH_STYLE: forcePathStyle } = values;
  const objects = bucket === undefined ? null : { bucket, endpoint, region, forcePathStyle, credentials };
  return {
    database,
    redis,
    objects,
    inlineBytes: values.SNAPSHOT_INLINE_BYTES,
    keepDays: values.SNAPSHOT_KEEP_DAYS,
    rowMinAge: values.LOG_ROWS_HOURS * HOUR,
    deletedAfter: values.DELETED_KEEP_DAYS * 24 * HOUR,
    auditKeptFor: values.AUDIT_KEEP_DAYS === undefined ? Infinity : values.AUDIT_KEEP_DAYS * 24 * HOUR,
  };
}

function toSearch(values: Values): SearchConfig | null {
  const { SEARCH_ENABLED: enabled, MEILI_URL: url, MEILI_API_KEY: apiKey = null, MEILI_INDEX: index } = values;
  if (!enabled) return null;
  return { engine: url === undefined ? null : { url, apiKey, index }, fallback: values.SEARCH_FALLBACK };
}

function toDatabase(values: Values, url: string): StoresConfig['database'] {
  return {
    url,
    directUrl: values.DATABASE_URL_DIRECT ?? url,
    replicaUrl: values.DATABASE_REPLICA_URL ?? null,
    caFile: values.DATABASE_CA_FILE ?? null,
    poolSize: values.DATABASE_POOL_SIZE,
    migrate: values.DATABASE_MIGRATE,
  };
}

function freezeDeeply<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freezeDeeply(inner);
  }
  return Object.freeze(value);
}
