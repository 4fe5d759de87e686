/** Where one server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisLogin {
  readonly username: string | null;
  readonly password: string | null;
}

/** What a URL asks for. */
export type RedisTarget = {
  readonly tls: boolean;
  readonly login: RedisLogin;
} & (
  | { readonly kind: 'server'; readonly address: RedisAddress }
  | { readonly kind: 'cluster'; readonly seeds: readonly RedisAddress[] }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly RedisAddress[];
      readonly sentinelLogin: RedisLogin;
      readonly master: string;
    }
);

export type RedisUrlResult =
  | { readonly kind: 'ok'; readonly target: RedisTarget }
  /** A sentence for the person who wrote it, without the password. */
  | { readonly kind: 'invalid'; readonly problem: string };

const SHAPE = /^(rediss?)(\+sentinel|\+cluster)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?$/i;
const PORTS = { server: 6379, cluster: 6379, sentinel: 26_379 } as const;

/**
 * Reads the address of a Redis or Valkey:
 *
 * - `redis://user:password@host:6379` for one server, or for a cluster that is found by any of its nodes
 * - `redis+cluster://host1:7000,host2:7001` for a cluster
 * - `redis+sentinel://host1:26379,host2:26379/mymaster` for the master that the sentinels name; their own password, if
 *   they have one, is `?sentinelPassword=`
 *
 * `rediss` in place of `redis` is TLS. User and password are percent-encoded.
 */
export function parseRedisUrl(url: string): RedisUrlResult {
  const [, scheme, suffix, authority = '', path = '', query = ''] = SHAPE.exec(url.trim()) ?? [];
  if (scheme === undefined) return invalid('must look like redis://host:6379');
  const kind = suffix === '+sentinel' ? 'sentinel' : suffix === '+cluster' ? 'cluster' : 'server';
  const at = authority.lastIndexOf('@');
  const login = readLogin(authority.slice(0, Math.max(at, 0)));
  const addresses = authority
    .slice(at + 1)
    .split(',')
    .map((text) => readAddress(text, PORTS[kind]));
  const [first] = addresses;
  if (login === null) return invalid('has a user or password that is not percent-encoded');
  if (!isComplete(addresses) || first === undefined || first === null)
    return invalid('must name host:port, or several with commas between');
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((name) => kind !== 'sentinel' || !SENTINEL_PARAMETERS.includes(name));
  if (unknown !== undefined) return invalid(`has a parameter "${unknown}" that means nothing here`);
  const common = { tls: scheme === 'rediss', login };
  if (kind === 'cluster') {
    if (path !== '') return invalid('names a cluster, which has no databases: leave out what follows the hosts');
    return { kind: 'ok', target: { ...common, kind, seeds: addresses } };
  }
  if (kind === 'sentinel') {
    const master = decode(path);
    if (master === null || master === '') return invalid('must end in the name of the master, like /mymaster');
    const sentinelLogin = {
      username: parameters.get('sentinelUsername'),
      password: parameters.get('sentinelPassword'),
    };
    return { kind: 'ok', target: { ...common, kind, sentinels: addresses, sentinelLogin, master } };
  }
  if (addresses.length > 1) return invalid('names several hosts: say redis+cluster:// or redis+sentinel://');
  // Messages are not kept in databases, so the number changes nothing.
  if (!/^\d{0,5}$/.test(path)) return invalid('may have the number of a database behind its host, and nothing else');
  return { kind: 'ok', target: { ...common, kind, address: first } };
}

const SENTINEL_PARAMETERS: readonly string[] = ['sentinelUsername', 'sentinelPassword'];

function invalid(problem: string): RedisUrlResult {
  return { kind: 'invalid', problem };
}

function isComplete(addresses: readonly (RedisAddress | null)[]): addresses is readonly RedisAddress[] {
  return addresses.every((address) => address !== null);
}

function readAddress(text: string, defaultPort: number): RedisAddress | null {
  const [, host, digits] = HOST.exec(text.trim()) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

function readLogin(text: string): RedisLogin | null {
  if (text === '') return { username: null, password: null };
  const colon = text.indexOf(':');
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? '' : decode(text.slice(colon + 1));
  if (username === null || password === null) return null;
  return { username: username === '' ? null : username, password: password === '' ? null : password };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
