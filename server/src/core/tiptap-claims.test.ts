import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRights } from '../../test/support/identities.ts';
import { roleFor } from './permissions.ts';
import { readTiptapClaims, type TiptapClaims } from './tiptap-claims.ts';
import { parseTokenClaims } from './token-claims.ts';

function roleOf(claims: TiptapClaims, name: string): string {
  const roles = readTiptapClaims(claims);
  if (typeof roles === 'string') throw new Error(roles);
  return roleFor(createRights({ documents: roles }), name);
}

describe('[AUTH26] tokens of Tiptap Collaboration: allowed is editor, read-only is viewer, comments are added to that', () => {
  test.each([
    [{ allowedDocumentNames: ['a'] }, { a: 'editor', b: 'none' }],
    [{ allowedDocumentNames: ['team/*'] }, { 'team/x': 'editor', 'team/x/y': 'editor', team: 'none', other: 'none' }],
    [{ allowedDocumentNames: ['*'] }, { a: 'editor', 'b/c': 'editor' }],
    [
      { allowedDocumentNames: [], readonlyDocumentNames: ['a'] },
      { a: 'viewer', b: 'none' },
    ],
    [{ allowedDocumentNames: ['a'], readonlyDocumentNames: ['a'] }, { a: 'viewer' }],
    [
      { allowedDocumentNames: ['*'], readonlyDocumentNames: ['team/*'] },
      { a: 'editor', 'team/x': 'viewer' },
    ],
    [
      { allowedDocumentNames: ['team/x'], readonlyDocumentNames: ['team/*'] },
      { 'team/x': 'viewer', 'team/y': 'viewer' },
    ],
    [{ readonlyDocumentNames: ['a'], commentDocumentNames: ['a'] }, { a: 'commenter' }],
    [
      { readonlyDocumentNames: ['t/*'], commentDocumentNames: ['t/a', 'u'] },
      { 't/a': 'commenter', 't/b': 'viewer', u: 'none' },
    ],
    [
      { readonlyDocumentNames: ['t/a'], commentDocumentNames: ['*'] },
      { 't/a': 'commenter', other: 'none' },
    ],
    [{ allowedDocumentNames: ['a'], commentDocumentNames: ['a'] }, { a: 'editor' }],
    [{ allowedDocumentNames: ['a', 'no such name!', '../b'] }, { a: 'editor' }],
  ] as const)('%j', (claims, expected) => {
    for (const [name, role] of Object.entries(expected)) expect([name, roleOf(claims, name)]).toEqual([name, role]);
  });

  test('what any of the lists says of a name is what matching it against each entry says', () => {
    const part = fc.constantFrom('a', 'b', 'ab', 'a/', 'a/b', 'b/a/c');
    const entry = fc.oneof(
      part,
      part.map((text) => `${text}*`),
      fc.constant('*'),
    );
    const list = fc.array(entry, { maxLength: 4 });
    const matches = (entries: readonly string[], name: string): boolean =>
      entries.some((it) => (it.endsWith('*') ? name.startsWith(it.slice(0, -1)) : it === name));
    fc.assert(
      fc.property(
        fc.tuple(list, list, list),
        fc.constantFrom('a', 'ab', 'a/b', 'a/b/c', 'b/a/c', 'c'),
        ([allowed, readOnly, comment], name) => {
          const claims = {
            allowedDocumentNames: allowed,
            readonlyDocumentNames: readOnly,
            commentDocumentNames: comment,
          };
          const viewer = matches(comment, name) ? 'commenter' : 'viewer';
          const expected = matches(readOnly, name) ? viewer : matches(allowed, name) ? 'editor' : 'none';
          expect(roleOf(claims, name)).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(['*-public', 'a*b', '**', 'a**'])(
    'a list with %s is refused, since its limits are not understood',
    (entry) => {
      for (const claim of ['allowedDocumentNames', 'readonlyDocumentNames', 'commentDocumentNames']) {
        expect(parseTokenClaims({ sub: 'ada', exp: 1, [claim]: ['a', entry] })).toMatchObject({
          kind: 'invalid',
          detail: expect.stringContaining(claim) as string,
        });
      }
    },
  );

  test('our own claim wins over them', () => {
    const token = { sub: 'ada', exp: 1, allowedDocumentNames: ['a', 'b'], documents: { a: 'owner', 'c*': 'viewer' } };
    expect(parseTokenClaims(token)).toMatchObject({
      claims: {
        documents: new Map([
          ['a', 'owner'],
          ['b', 'editor'],
          ['c*', 'viewer'],
        ]),
      },
    });
  });
});
