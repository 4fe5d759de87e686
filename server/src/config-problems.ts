import { IGNORED_VARIABLES, SECRET_VARIABLES, UNSUPPORTED_VARIABLES, VARIABLES } from './config-variables.ts';
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

/** Variables of abilities that this version lacks. */
export function findUnsupported(given: Environment): readonly string[] {
  return Object.entries(UNSUPPORTED_VARIABLES)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, reason]) => `${name} is set, but ${reason}. Unset it to start.`);
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
}

/** What the token variables ask for that cannot be had. */
export function findTokenProblems(values: TokenValues): readonly string[] {
  const problems: string[] = [];
  const { JWT_SECRET: secret, HOST: host } = values;
  if (secret === undefined) {
    if (!isLoopbackHost(host)) {
      problems.push(
        `JWT_SECRET is not set, and HOST=${host} can be reached by others. Set JWT_SECRET (${SECRET_BYTES} bytes or more).`,
      );
    }
    for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const) {
      if (values[name] !== undefined) problems.push(`${name} is set without JWT_SECRET, which it belongs to.`);
    }
  } else if (Buffer.byteLength(secret) < SECRET_BYTES && !isLoopbackHost(host)) {
    problems.push(
      `JWT_SECRET is too short for HOST=${host}, which others can reach. Use ${SECRET_BYTES} bytes or more.`,
    );
  }
  return problems;
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
  return warnings;
}

/** Which variable makes no sense without which other. */
const NEEDS: readonly (readonly [string, string, string])[] = [
  ['DATABASE_URL_DIRECT', 'DATABASE_URL', 'which it stands beside'],
  ['DATABASE_REPLICA_URL', 'DATABASE_URL', 'which it is a replica of'],
  ['DATABASE_CA_FILE', 'DATABASE_URL', 'which it belongs to'],
  ['REDIS_URL', 'DATABASE_URL', 'and an embedded store belongs to one process'],
  ['S3_ENDPOINT', 'S3_BUCKET', 'which it belongs to'],
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'which it belongs to'],
];

/** Store variables that lack the one they belong to. */
export function findStoreProblems(given: Environment): readonly string[] {
  return NEEDS.filter(([name, other]) => given[name] !== undefined && given[other] === undefined).map(
    ([name, other, why]) => `${name} is set without ${other}, ${why}.`,
  );
}
