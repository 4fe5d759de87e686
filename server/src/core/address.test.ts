import { parseTenant } from '@scriptorium/shared/document-name';
import { describe, expect, it } from 'vitest';
import { parseAddress, plainAddress, qualifyAddress } from './address.ts';

describe('address', () => {
  it('[SOCK3] an address is a document name, with or without a session', () => {
    expect(parseAddress('notes/today')).toEqual({ name: 'notes/today', session: null });
    expect(parseAddress('notes\0a1b2')).toEqual({ name: 'notes', session: 'a1b2' });
  });

  it.each([
    '',
    '../etc/passwd',
    'a b',
    'a//b',
    '/a',
    'a/',
    '__proto__',
    'ca\u0301fe',
    'x'.repeat(129),
    'a\0',
    'a\0b\0c',
    'a\0tenant/doc',
  ])('[SOCK4] %j is no address', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('[SOCK5] the tenant is added inside and taken off outside', () => {
    const tenant = parseTenant('acme');
    if (tenant === null) throw new Error('not a tenant');
    expect(qualifyAddress(tenant, 'a/b\0s')).toBe('acme/a/b\0s');
    expect(plainAddress('acme/a/b\0s')).toBe('a/b\0s');
  });
});
