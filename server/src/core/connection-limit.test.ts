import { describe, expect, it } from 'vitest';
import { createConnectionLimit, isLoopback } from './connection-limit.ts';

describe('connection limit', () => {
  it('[SOCK83] an address has as many connections as the limit says, and gets a place back for each that ends', () => {
    const limit = createConnectionLimit(2, isLoopback);
    expect([limit.take('192.0.2.1'), limit.take('192.0.2.1'), limit.take('192.0.2.1')]).toEqual([true, true, false]);
    expect(limit.take('192.0.2.2')).toBe(true);
    limit.give('192.0.2.1');
    expect(limit.take('192.0.2.1')).toBe(true);
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('[SOCK83] loopback (%s) has no limit', (address) => {
    const limit = createConnectionLimit(1, isLoopback);
    expect([limit.take(address), limit.take(address)]).toEqual([true, true]);
  });
});
