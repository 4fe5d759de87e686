import { describe, expect, it } from 'vitest';
import { createProxyTrust, isProxyEntry, networkOf, readClientAddress } from './client-address.ts';

describe('[SOCK106] the address of a client', () => {
  const read = (proxies: string[], peer: string, header?: string) =>
    readClientAddress(peer, header, createProxyTrust(proxies));

  it('is the peer, whatever the header says, where no hop is trusted', () => {
    expect(read([], '192.0.2.1', '198.51.100.7')).toBe('192.0.2.1');
    expect(read(['10.0.0.0/8'], '192.0.2.1', '198.51.100.7')).toBe('192.0.2.1');
  });

  it('is what the trusted hop saw, and not what the client wrote in front of it', () => {
    expect(read(['10.0.0.7'], '10.0.0.7', '203.0.113.9, 198.51.100.7')).toBe('198.51.100.7');
    expect(read(['10.0.0.7'], '10.0.0.7', '127.0.0.1')).toBe('127.0.0.1');
    expect(read(['10.0.0.7'], '10.0.0.8', '198.51.100.7')).toBe('10.0.0.8');
  });

  it('is found behind several trusted hops, and ends at what is no address', () => {
    expect(read(['private'], '10.0.0.7', '198.51.100.7, 192.168.1.1')).toBe('198.51.100.7');
    expect(read(['private'], '10.0.0.7', '198.51.100.7, unknown')).toBe('10.0.0.7');
    expect(read(['private'], '10.0.0.7', '10.0.0.9')).toBe('10.0.0.9');
    expect(read(['private'], '10.0.0.7')).toBe('10.0.0.7');
  });

  it('takes IPv4 for what it is, however the socket shows it, and IPv6 too', () => {
    expect(read(['loopback'], '::ffff:127.0.0.1', '198.51.100.7')).toBe('198.51.100.7');
    expect(read(['fc00::/7'], 'fd12::1', '2001:db8::1')).toBe('2001:db8::1');
    expect(read([], '::ffff:192.0.2.1')).toBe('192.0.2.1');
  });

  it('counts as the /64 it lies in, where it is IPv6, and as itself otherwise', () => {
    expect(networkOf('2001:db8::1')).toBe(networkOf('2001:0db8:0:0:1:2:3:4'));
    expect(networkOf('2001:db8::1')).not.toBe(networkOf('2001:db8:0:1::1'));
    expect(['192.0.2.1', '::ffff:192.0.2.1', '::1'].map(networkOf)).toEqual(['192.0.2.1', '192.0.2.1', '::1']);
  });

  it('a hop is an address, a network or a word, and nothing else', () => {
    expect(['10.0.0.7', '10.0.0.0/8', '::1', 'fc00::/7', 'loopback', 'private'].every(isProxyEntry)).toBe(true);
    expect(['', '*', 'haproxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '__proto__'].some(isProxyEntry)).toBe(
      false,
    );
  });
});
