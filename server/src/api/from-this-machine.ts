const LOOPBACK_NAME = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const LOOPBACK_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;
/** What proxies add to a request that they pass on. */
const PROXY_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
] as const;

/** A request as far as it tells where it comes from. */
export interface RequestOrigin {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly httpVersion: string;
  /** Address of the other end of the connection. */
  readonly remoteAddress: string | undefined;
}

/**
 * Whether a request comes from this machine and was meant for it: a sign-in that asks for no password must answer
 * nobody else. A page elsewhere can point its own name at a loopback address (DNS rebinding); its requests carry that
 * name as their host. A proxy on this machine makes the world look local; it leaves its headers, speaks HTTP 1.0 (as
 * nginx long did when nothing was configured), or passes on the origin of the page.
 */
export function isFromThisMachine({ headers, httpVersion, remoteAddress }: RequestOrigin): boolean {
  if (remoteAddress === undefined || !LOOPBACK_ADDRESS.test(remoteAddress)) return false;
  if (hasProxyTraces({ headers, httpVersion })) return false;
  const { host, origin } = headers;
  if (typeof host !== 'string' || !isLoopbackUrl(`http://${host}`)) return false;
  return origin === undefined || (typeof origin === 'string' && isLoopbackUrl(origin));
}

/** Whether a proxy passed the request on, as far as it shows: by its headers, or by HTTP 1.0. */
export function hasProxyTraces({ headers, httpVersion }: Pick<RequestOrigin, 'headers' | 'httpVersion'>): boolean {
  return httpVersion === '1.0' || PROXY_HEADERS.some((name) => headers[name] !== undefined);
}

function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && LOOPBACK_NAME.test(new URL(url).hostname);
}
