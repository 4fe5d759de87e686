import { lookup as lookUpName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** An address that nothing is sent to. */
export class RefusedAddressError extends Error {
  readonly code = 'REFUSED_ADDRESS';
}

/** Judges the addresses that names of other people's servers lead to. */
export interface AddressGuard {
  /** Throws `RefusedAddressError` for an address that is refused. `http` must lead into a network that was allowed. */
  check(address: string, scheme: 'http' | 'https'): void;
  /** Looks a name up and judges every address that it leads to, as a connection asks for it. */
  lookup(scheme: 'http' | 'https'): LookupFunction;
}

/** Networks that are not the public internet: https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-. */
const SPECIAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  // Each of these carries an IPv4 address within it, or leads to wherever a translator stands.
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

/** Makes a guard that lets through the public internet and the networks given, as `10.1.0.0/16`. */
export function createAddressGuard(allowed: readonly string[]): AddressGuard {
  const special = toBlockList(SPECIAL);
  const opened = toBlockList(allowed);
  const check = (address: string, scheme: 'http' | 'https'): void => {
    const plain = unmap(address);
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(plain) === 0) throw new RefusedAddressError('not an address');
    if (opened.check(plain, family)) return;
    if (special.check(plain, family)) throw new RefusedAddressError('the address is in a network that is not allowed');
    if (scheme === 'http') throw new RefusedAddressError('http leads only into networks that are allowed');
  };
  return {
    check,
    lookup: (scheme) => (hostname, options, callback) => {
      lookUpName(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, []);
        try {
          // Every one of them: which one is connected to is not decided here.
          for (const { address } of addresses) check(address, scheme);
        } catch (refusal) {
          return callback(refusal as NodeJS.ErrnoException, []);
        }
        const [first] = addresses;
        if (options.all === true || first === undefined) return callback(null, addresses);
        callback(null, first.address, first.family);
      });
    },
  };
}

function toBlockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** An IPv4 address that is written as an IPv6 one is the IPv4 address. */
function unmap(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  const words = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(bare);
  if (words === null) return bare;
  const [high, low] = [Number.parseInt(words[1] ?? '', 16), Number.parseInt(words[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
