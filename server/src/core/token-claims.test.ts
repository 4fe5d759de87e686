import { describe, expect, test } from 'vitest';
import { parseTokenClaims } from './token-claims.ts';

const least = { sub: 'ada', exp: 2_000_000_000 };

test('[AUTH3] sub and exp are enough; the rest has defaults', () => {
  expect(parseTokenClaims({ ...least, iat: 1, extra: true })).toEqual({
    kind: 'valid',
    claims: {
      tenant: 'default',
      user: 'ada',
      displayName: 'ada',
      issuedAt: 1000,
      expiresAt: 2_000_000_000_000,
      groups: [],
      role: 'none',
      documents: new Map(),
    },
  });
});

test('[AUTH3] all claims are read', () => {
  const documents = { 'notes/today': 'owner', 'notes/*': 'viewer', '*': 'none', 'draft-*': 'commenter' };
  expect(parseTokenClaims({ ...least, name: ' Ada ', tenant: 'acme', role: 'admin', documents })).toEqual({
    kind: 'valid',
    claims: {
      tenant: 'acme',
      user: 'ada',
      displayName: 'Ada',
      issuedAt: 0,
      expiresAt: 2_000_000_000_000,
      groups: [],
      role: 'admin',
      documents: new Map(Object.entries(documents)),
    },
  });
});

describe('[AUTH4] malformed claims are refused, with the claim named', () => {
  test.each([
    ['no sub', { exp: 1 }, '"sub"'],
    ['an empty sub', { ...least, sub: '' }, '"sub"'],
    ['a long sub', { ...least, sub: 'x'.repeat(129) }, '"sub"'],
    ['a sub with a line feed', { ...least, sub: 'a\nb' }, '"sub"'],
    ['a numeric sub', { ...least, sub: 7 }, '"sub"'],
    ['no exp', { sub: 'ada' }, '"exp"'],
    ['exp as text', { sub: 'ada', exp: '2000000000' }, '"exp"'],
    ['exp beyond time', { sub: 'ada', exp: 1e300 }, '"exp"'],
    ['a tenant with a capital', { ...least, tenant: 'Acme' }, '"tenant"'],
    ['a tenant with a path', { ...least, tenant: '../acme' }, '"tenant"'],
    ['an unknown role', { ...least, role: 'root' }, '"role"'],
    ['documents as a list', { ...least, documents: ['*'] }, '"documents"'],
    ['documents as text', { ...least, documents: '*' }, '"documents"'],
    ['admin on a document', { ...least, documents: { a: 'admin' } }, 'role'],
    ['an unknown role on a document', { ...least, documents: { a: 'root' } }, 'role'],
    ['a star inside a pattern', { ...least, documents: { 'a*b': 'owner' } }, 'neither a document name'],
    ['two stars', { ...least, documents: { '**': 'owner' } }, 'neither a document name'],
    ['a path upwards', { ...least, documents: { '../*': 'owner' } }, 'neither a document name'],
    ['an empty key', { ...least, documents: { '': 'owner' } }, 'neither a document name'],
    [
      'a key named __proto__',
      { ...least, documents: JSON.parse('{"__proto__":"owner"}') as object },
      'neither a document name',
    ],
    ['a sub like that of a key', { ...least, sub: 'key:1' }, '"sub"'],
    ['a sub like that of a link', { ...least, sub: 'link:1' }, '"sub"'],
    ['a sub like that of somebody erased', { ...least, sub: 'erased:1' }, '"sub"'],
    ['groups as text', { ...least, groups: 'staff' }, '"groups"'],
    ['an empty group', { ...least, groups: [''] }, '"groups"'],
    ['too many groups', { ...least, groups: Array.from({ length: 501 }, String) }, '"groups"'],
    ['an iat in words', { ...least, iat: 'today' }, '"iat"'],
    ['no object', 'ada', 'not an object'],
  ])('%s', (_title, payload, words) => {
    const result = parseTokenClaims(payload);
    expect(result.kind).toBe('invalid');
    expect(result.kind === 'invalid' && result.detail).toContain(words);
  });

  test('more grants than anybody needs', () => {
    const documents = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`d${index}`, 'viewer']));
    expect(parseTokenClaims({ ...least, documents })).toMatchObject({ kind: 'invalid' });
  });
});

test('[AUTH24] groups are read once each, and iat as milliseconds', () => {
  const result = parseTokenClaims({ ...least, iat: 7, groups: ['staff', 'ü & co', 'staff'] });
  expect(result).toMatchObject({ kind: 'valid', claims: { issuedAt: 7000, groups: ['staff', 'ü & co'] } });
});

describe('[AUTH25] a token that says nothing of roles and documents has the role of the configuration', () => {
  test.each([
    ['nothing', {}, 'editor'],
    ['read-only documents alone', { readonlyDocumentNames: ['a'] }, 'editor'],
    ['a role', { role: 'viewer' }, 'viewer'],
    ['documents', { documents: {} }, 'none'],
    ['allowed documents', { allowedDocumentNames: [] }, 'none'],
  ] as const)('%s', (_title, more, role) => {
    expect(parseTokenClaims({ ...least, ...more }, 'editor')).toMatchObject({ claims: { role } });
    expect(parseTokenClaims({ ...least, ...more })).toMatchObject({
      claims: { role: role === 'viewer' ? role : 'none' },
    });
  });
});
