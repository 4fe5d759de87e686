import { z } from 'zod';
import {
  IGNORED_VARIABLES,
  SECRET_VARIABLES,
  UNSUPPORTED_VARIABLES,
  VARIABLES,
  type VariableName,
} from './config-variables.ts';
import { findNearestName } from './core/nearest-name.ts';

/** What one environment asks for, checked and frozen. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** As written; relative to the working directory. */
  readonly dataDir: string;
  readonly tokens: {
    /** `null`: development mode, the server makes a secret and people sign in by name. */
    readonly secret: string | null;
    readonly issuer: string | null;
    readonly audience: string | null;
  };
  /** Origins besides the server's own; `*` stands for any. */
  readonly allowedOrigins: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly limits: {
    readonly messageBytes: number;
    readonly updatesPerSecond: number;
    readonly updatesBurst: number;
    readonly connectionsPerAddress: number;
    readonly documentsPerConnection: number;
    readonly bodyBytes: number;
    readonly writerPendingBytes: number;
  };
  readonly shutdownTimeoutMs: number;
  /** Milliseconds before each commit, for tests of what is claimed meanwhile. */
  readonly testAppendDelayMs: number;
  /** Sentences for the log: allowed, but not wise. */
  readonly warnings: readonly string[];
}

export type ConfigResult =
  | { readonly kind: 'ok'; readonly config: Config }
  /** One line for each problem, fit to be shown as it is. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

export type Environment = Readonly<Record<string, string | undefined>>;

/** HS256 wants a key as long as its hash (RFC 7518, 3.2); a shorter one can be guessed from a single token. */
const SECRET_BYTES = 32;
const OWN_PREFIXES = ['SCRIPTORIUM_', 'LIMIT_'] as const;

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
  const problems = [...findUnsupported(given), ...findUnknown(given)];
  const values = readSecretFiles(given, { readFile, problems });
  const parsed = environmentSchema.safeParse(values);
  if (!parsed.success)
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`));
  else problems.push(...findTokenProblems(parsed.data));
  if (!parsed.success || problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'ok', config: freezeDeeply(toConfig(parsed.data, findWarnings(parsed.data, given))) };
}

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

const environmentSchema = z.object({
  HOST: VARIABLES.HOST.schema,
  PORT: VARIABLES.PORT.schema,
  DATA_DIR: VARIABLES.DATA_DIR.schema,
  JWT_SECRET: VARIABLES.JWT_SECRET.schema,
  JWT_ISSUER: VARIABLES.JWT_ISSUER.schema,
  JWT_AUDIENCE: VARIABLES.JWT_AUDIENCE.schema,
  ALLOWED_ORIGINS: VARIABLES.ALLOWED_ORIGINS.schema,
  LOG_LEVEL: VARIABLES.LOG_LEVEL.schema,
  LIMIT_MESSAGE_BYTES: VARIABLES.LIMIT_MESSAGE_BYTES.schema,
  LIMIT_UPDATES_PER_SECOND: VARIABLES.LIMIT_UPDATES_PER_SECOND.schema,
  LIMIT_UPDATES_BURST: VARIABLES.LIMIT_UPDATES_BURST.schema,
  LIMIT_CONNECTIONS_PER_ADDRESS: VARIABLES.LIMIT_CONNECTIONS_PER_ADDRESS.schema,
  LIMIT_DOCUMENTS_PER_CONNECTION: VARIABLES.LIMIT_DOCUMENTS_PER_CONNECTION.schema,
  LIMIT_BODY_BYTES: VARIABLES.LIMIT_BODY_BYTES.schema,
  LIMIT_WRITER_PENDING_BYTES: VARIABLES.LIMIT_WRITER_PENDING_BYTES.schema,
  SCRIPTORIUM_TEST_APPEND_DELAY_MS: VARIABLES.SCRIPTORIUM_TEST_APPEND_DELAY_MS.schema,
  SHUTDOWN_TIMEOUT_SECONDS: VARIABLES.SHUTDOWN_TIMEOUT_SECONDS.schema,
} satisfies Record<VariableName, z.ZodType>);

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

function findUnsupported(given: Environment): readonly string[] {
  return Object.entries(UNSUPPORTED_VARIABLES)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, reason]) => `${name} is set, but ${reason}. Unset it to start.`);
}

function findUnknown(given: Environment): readonly string[] {
  const known: readonly string[] = [...variableNames(), ...SECRET_VARIABLES.map((name) => `${name}_FILE`)];
  return Object.keys(given)
    .filter((name) => OWN_PREFIXES.some((prefix) => name.startsWith(prefix)) && !known.includes(name))
    .map((name) => `${name} is not a variable of this server. Did you mean ${nearest(name, known)}?`);
}

function nearest(name: string, known: readonly string[]): string {
  const bare = name.replace(/^SCRIPTORIUM_/, '');
  const family = bare.startsWith('LIMIT_') ? known.filter((other) => other.startsWith('LIMIT_')) : known;
  return findNearestName(bare, family) ?? "one of the README's table";
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

function findTokenProblems(values: Values): readonly string[] {
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

function findWarnings(values: Values, given: Environment): readonly string[] {
  const warnings = Object.entries(IGNORED_VARIABLES)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, reason]) => `${name} is set, but ${reason}.`);
  const secret = values.JWT_SECRET;
  if (secret !== undefined && Buffer.byteLength(secret) < SECRET_BYTES) {
    warnings.push(`JWT_SECRET is shorter than ${SECRET_BYTES} bytes; it is taken on a loopback host only.`);
  }
  return warnings;
}

function toConfig(values: Values, warnings: readonly string[]): Config {
  return {
    host: values.HOST,
    port: values.PORT,
    dataDir: values.DATA_DIR,
    tokens: {
      secret: values.JWT_SECRET ?? null,
      issuer: values.JWT_ISSUER ?? null,
      audience: values.JWT_AUDIENCE ?? null,
    },
    allowedOrigins: values.ALLOWED_ORIGINS,
    logLevel: values.LOG_LEVEL,
    limits: {
      messageBytes: values.LIMIT_MESSAGE_BYTES,
      updatesPerSecond: values.LIMIT_UPDATES_PER_SECOND,
      updatesBurst: values.LIMIT_UPDATES_BURST,
      connectionsPerAddress: values.LIMIT_CONNECTIONS_PER_ADDRESS,
      documentsPerConnection: values.LIMIT_DOCUMENTS_PER_CONNECTION,
      bodyBytes: values.LIMIT_BODY_BYTES,
      writerPendingBytes: values.LIMIT_WRITER_PENDING_BYTES,
    },
    testAppendDelayMs: values.SCRIPTORIUM_TEST_APPEND_DELAY_MS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_SECONDS * 1000,
    warnings,
  };
}

function freezeDeeply<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freezeDeeply(inner);
  }
  return Object.freeze(value);
}
