import { readFile } from 'node:fs/promises';
import { checkServerIdentity, type ConnectionOptions as TlsOptions } from 'node:tls';
import { ScriptoriumError } from '../../core/errors.ts';

/** Where a database is and how to reach it, as `pg` takes it. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly ssl: false | TlsOptions;
  readonly application_name: string;
  readonly options: string | undefined;
}

const KNOWN_PARAMETERS: ReadonlySet<string> = new Set([
  'sslmode',
  'sslrootcert',
  'host',
  'application_name',
  'options',
]);

/**
 * Reads a `postgres://` address as libpq does; `caFile` (or `sslrootcert` in it) names the certificates that may sign
 * the server's. Throws `storage-unavailable` with a detail for people, in which no password is.
 */
export async function readConnectionOptions(address: string, caFile: string | null): Promise<ConnectionOptions> {
  const url = URL.parse(address);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    throw unusable('the address of the database is not valid');
  const parameters = url.searchParams;
  for (const name of parameters.keys()) {
    if (!KNOWN_PARAMETERS.has(name)) {
      throw unusable(
        `the address of the database has a parameter ${name}; known are ${[...KNOWN_PARAMETERS].join(', ')}`,
      );
    }
  }
  // In a URL an IPv6 address stands in brackets; `?host=/directory` is libpq's form for a Unix socket.
  const host = parameters.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const authority = await readAuthority(caFile ?? parameters.get('sslrootcert'));
  return {
    host: host === '' ? 'localhost' : host,
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeOrNone(url.pathname.slice(1)),
    user: decodeOrNone(url.username),
    password: decodeOrNone(url.password),
    ssl: readTlsOptions({ mode: parameters.get('sslmode'), host, authority }),
    application_name: parameters.get('application_name') ?? 'scriptorium',
    options: parameters.get('options') ?? undefined,
  };
}

interface TlsFacts {
  readonly mode: string | null;
  readonly host: string;
  readonly authority: string | null;
}

/**
 * `sslmode` as libpq means it: `require` encrypts and asks for no certificate, unless an authority is named, which makes
 * it `verify-ca`; `verify-full` compares the host's name too. Without `sslmode`, an authority means `verify-full`. What
 * libpq calls `allow` and `prefer` protects from nobody, and is refused.
 */
function readTlsOptions({ mode, host, authority }: TlsFacts): false | TlsOptions {
  const ca = authority === null ? {} : { ca: authority };
  const verifyName = { ...ca, checkServerIdentity: (_: string, certificate: Certificate) => check(host, certificate) };
  switch (mode) {
    case null:
      return authority === null ? false : verifyName;
    case 'disable':
      return false;
    case 'require':
      return authority === null ? { rejectUnauthorized: false } : { ...ca, checkServerIdentity: () => undefined };
    case 'verify-ca':
      return { ...ca, checkServerIdentity: () => undefined };
    case 'verify-full':
      return verifyName;
    default:
      throw unusable(`sslmode ${mode} is not known; it may be disable, require, verify-ca or verify-full`);
  }
}

type Certificate = Parameters<typeof checkServerIdentity>[1];

/** Named here, since the name that the socket was opened with is not always the one in the address. */
function check(host: string, certificate: Certificate): Error | undefined {
  return checkServerIdentity(host, certificate);
}

async function readAuthority(path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(`the certificates in ${path} cannot be read`, error);
  }
}

function decodeOrNone(text: string): string | undefined {
  return text === '' ? undefined : decodeURIComponent(text);
}

function unusable(detail: string, cause?: unknown): ScriptoriumError {
  return new ScriptoriumError('storage-unavailable', detail, { cause });
}
