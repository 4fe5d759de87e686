import { BlockList, isIP } from 'node:net';

/** Which hops in front of the server are believed about who is behind them. */
export interface ProxyTrust {
  trusts(address: string): boolean;
}

/** Words for networks that are nobody's on the internet. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Whether an entry names an address, a network, or one of the words `loopback` and `private`. */
export function isProxyEntry(entry: string): boolean {
  if (Object.hasOwn(WORDS, entry)) return true;
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** Believes the hops at these addresses and networks, and nobody where there are none. */
export function createProxyTrust(entries: readonly string[]): ProxyTrust {
  const list = new BlockList();
  for (const entry of entries.flatMap((it) => WORDS[it] ?? [it])) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return {
    trusts: (text) => {
      const address = plainIp(text);
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/**
 * The address of who sent a request. `X-Forwarded-For` counts as far as trusted hops wrote it: from its end, each entry
 * is the word of the hop behind it, so the first one that is not trusted is the client, whatever it wrote before.
 */
export function readClientAddress(
  peer: string,
  forwardedFor: string | readonly string[] | undefined,
  trust: ProxyTrust,
): string {
  const text = typeof forwardedFor === 'string' ? forwardedFor : (forwardedFor ?? []).join(',');
  const hops = text === '' ? [] : text.split(',').map((entry) => plainIp(entry.trim()));
  let client = plainIp(peer);
  while (trust.trusts(client)) {
    const before = hops.pop();
    if (before === undefined || isIP(before) === 0) break;
    client = before;
  }
  return client;
}

/** An IPv4 address that a socket of both families shows as IPv6 is IPv4 all the same. */
function plainIp(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** What limits count an address as: an IPv6 customer has a whole /64, so of such an address the first half counts. */
export function networkOf(text: string): string {
  const address = plainIp(text);
  if (isIP(address) !== 6 || address === '::1') return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined
      ? before
      : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
