import { IGNORED_VARIABLES, SECRET_VARIABLES, VARIABLES } from './config-variables.ts';
import { findNearestName } from './core/nearest-name.ts';

/** Variables by name, as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** HS256 wants a key as long as its hash (RFC 7518, 3.2); a shorter one can be guessed from a single token. */
const SECRET_BYTES = 32;
const OWN_PREFIXES = ['SCRIPTORIUM_', 'LIMIT_'] as const;

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Variables that look like ours and are none. */
export function findUnknown(given: Environment): readonly string[] {
  const known: readonly string[] = [...Object.keys(VARIABLES), ...SECRET_VARIABLES.map((name) => `${name}_FILE`)];
  return Object.keys(given)
    .filter((name) => OWN_PREFIXES.some((prefix) => name.startsWith(prefix)) && !known.includes(name))
    .map((name) => `${name} is not a variable of this server. Did you mean ${nearest(name, known)}?`);
}

function nearest(name: string, known: readonly string[]): string {
  const bare = name.replace(/^SCRIPTORIUM_/, '');
  const family = bare.startsWith('LIMIT_') ? known.filter((other) => other.startsWith('LIMIT_')) : known;
  return findNearestName(bare, family) ?? "one of the README's table";
}

interface TokenValues {
  readonly HOST: string;
  readonly JWT_SECRET?: string | undefined;
  readonly JWT_ISSUER?: string | undefined;
  readonly JWT_AUDIENCE?: string | undefined;
  readonly JWKS_URL?: string | undefined;
  readonly JWKS_ISSUER?: string | undefined;
  readonly JWKS_AUDIENCE?: string | undefined;
}

/** What the token variables ask for that cannot be had. */
export function findTokenProblems(values: TokenValues, given: Environment): readonly string[] {
  const problems: string[] = [];
  const { JWT_SECRET: secret, JWKS_URL: keySet, HOST: host } = values;
  const isDevelopment = secret === undefined && keySet === undefined;
  if (isDevelopment && !isLoopbackHost(host)) {
    problems.push(
      `JWT_SECRET is not set, nor is JWKS_URL, and HOST=${host} can be reached by others. Set JWT_SECRET (${SECRET_BYTES} bytes or more) or JWKS_URL.`,
    );
  }
  if (isDevelopment && given['NODE_ENV'] === 'production') {
    problems.push(
      'NODE_ENV=production, and neither JWT_SECRET nor JWKS_URL is set; people would sign in by name alone. Set one of them.',
    );
  }
  for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const) {
    if (isDevelopment && values[name] !== undefined)
      problems.push(`${name} is set without JWT_SECRET or JWKS_URL, which it belongs to.`);
  }
  for (const name of ['JWKS_ISSUER', 'JWKS_AUDIENCE'] as const) {
    if (keySet === undefined && values[name] !== undefined)
      problems.push(`${name} is set without JWKS_URL, which it belongs to.`);
  }
  if (secret !== undefined && Buffer.byteLength(secret) < SECRET_BYTES && !isLoopbackHost(host)) {
    problems.push(
      `JWT_SECRET is too short for HOST=${host}, which others can reach. Use ${SECRET_BYTES} bytes or more.`,
    );
  }
  return problems;
}

/** A stop that pauses longer than it may take would never commit what is pending. */
export function findShutdownProblems(values: {
  readonly SHUTDOWN_PAUSE_SECONDS: number;
  readonly SHUTDOWN_TIMEOUT_SECONDS: number;
}): readonly string[] {
  const { SHUTDOWN_PAUSE_SECONDS: pause, SHUTDOWN_TIMEOUT_SECONDS: timeout } = values;
  if (pause === 0 || pause < timeout) return [];
  return [`SHUTDOWN_PAUSE_SECONDS=${pause} leaves nothing of SHUTDOWN_TIMEOUT_SECONDS=${timeout}. Set it lower.`];
}

/** Limits of which one rules the other out. */
export function findLimitProblems(values: {
  readonly LIMIT_MESSAGE_BYTES: number;
  readonly LIMIT_WRITER_PENDING_BYTES: number;
}): readonly string[] {
  const { LIMIT_MESSAGE_BYTES: message, LIMIT_WRITER_PENDING_BYTES: pending } = values;
  if (message <= pending) return [];
  return [`LIMIT_MESSAGE_BYTES=${message} lets in what LIMIT_WRITER_PENDING_BYTES=${pending} could never take.`];
}

/** What is allowed but not wise. */
export function findWarnings(values: TokenValues, given: Environment): readonly string[] {
  const warnings = Object.entries(IGNORED_VARIABLES)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, reason]) => `${name} is set, but ${reason}.`);
  const secret = values.JWT_SECRET;
  if (secret !== undefined && Buffer.byteLength(secret) < SECRET_BYTES) {
    warnings.push(`JWT_SECRET is shorter than ${SECRET_BYTES} bytes; it is taken on a loopback host only.`);
  }
  if (values.JWKS_URL !== undefined && values.JWKS_AUDIENCE === undefined && values.JWT_AUDIENCE === undefined) {
    warnings.push(
      'JWKS_URL is set without JWKS_AUDIENCE, so tokens that its owner signs for other services are taken too.',
    );
  }
  return warnings;
}

/** Which variable makes no sense without which other. */
const NEEDS: readonly (readonly [string, string, string])[] = [
  ['DATABASE_URL_DIRECT', 'DATABASE_URL', 'which it stands beside'],
  ['DATABASE_REPLICA_URL', 'DATABASE_URL', 'which it is a replica of'],
  ['DATABASE_CA_FILE', 'DATABASE_URL', 'which it belongs to'],
  ['REDIS_URL', 'DATABASE_URL', 'and an embedded store belongs to one process'],
  ['S3_ENDPOINT', 'S3_BUCKET', 'which it belongs to'],
  ['MEILI_API_KEY', 'MEILI_URL', 'which it belongs to'],
  ['MEILI_INDEX', 'MEILI_URL', 'which it belongs to'],
  ['SEARCH_FALLBACK', 'MEILI_URL', 'which it stands in for'],
  ['AUDIT_KEEP_DAYS', 'S3_BUCKET', 'without which no row ever leaves the database'],
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'which it belongs to'],
];

/** Store variables that lack the one they belong to. */
export function findStoreProblems(given: Environment): readonly string[] {
  return NEEDS.filter(([name, other]) => given[name] !== undefined && given[other] === undefined).map(
    ([name, other, why]) => `${name} is set without ${other}, ${why}.`,
  );
}
