import { describe, expect, it } from 'vitest';
import { createAddressGuard, RefusedAddressError } from './address-guard.ts';

describe('[HOOK11] addresses', () => {
  const guard = createAddressGuard([]);
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.0.8',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '[::1]',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'not-an-address',
    '0x7f000001',
    '2130706433',
  ])('%s is refused', (address) => {
    expect(() => guard.check(address, 'https')).toThrow(RefusedAddressError);
  });

  it.each(['1.1.1.1', '172.32.0.1', '93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:1.1.1.1'])(
    '%s is let through, with TLS',
    (address) => {
      expect(() => guard.check(address, 'https')).not.toThrow();
      expect(() => guard.check(address, 'http')).toThrow(RefusedAddressError);
    },
  );

  it('a network that is named is let through, and nothing beside it', () => {
    const open = createAddressGuard(['10.1.0.0/16', 'fd00::/8']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1']) {
      expect(() => open.check(address, 'http')).not.toThrow();
    }
    for (const address of ['10.2.0.1', '127.0.0.1', 'fe80::1']) {
      expect(() => open.check(address, 'https')).toThrow(RefusedAddressError);
    }
  });

  it('a name is judged by every address that it leads to', async () => {
    const look = (scheme: 'http' | 'https', allowed: readonly string[]) =>
      new Promise((resolve) => {
        createAddressGuard(allowed).lookup(scheme)('localhost', { all: true }, (error, addresses) => {
          resolve(error ?? addresses);
        });
      });
    expect(await look('https', [])).toBeInstanceOf(RefusedAddressError);
    expect(await look('http', ['127.0.0.0/8', '::1/128'])).toEqual(expect.any(Array));
  });
});
