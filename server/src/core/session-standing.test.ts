import { parseDocumentName } from '@scriptorium/shared/document-name';
import type { Role } from '@scriptorium/shared/roles';
import { describe, expect, test } from 'vitest';
import { createRights } from '../../test/support/identities.ts';
import { judgeSession, type Bar, type SessionFate } from './session-standing.ts';
import type { WriteScope } from './write-scope.ts';

const name = parseDocumentName('notes/today');
if (name === null) throw new Error('not a name');
const NOW = 1_000;

function fateOf(
  scope: WriteScope,
  role: Role | null,
  { barred = 'none', expiresAt = NOW + 1 }: { readonly barred?: Bar; readonly expiresAt?: number } = {},
): SessionFate {
  const rights = role === null ? null : createRights({ documents: new Map([['notes/*', role]]) });
  return judgeSession({ name: name as NonNullable<typeof name>, scope, barred, expiresAt }, { now: NOW, rights });
}

describe('[AUTH45] an open session becomes what its owner may do now', () => {
  const scopes: Readonly<Record<Role, WriteScope | null>> = {
    none: null,
    viewer: 'none',
    commenter: 'comments',
    editor: 'all',
    publisher: 'all',
    owner: 'all',
    admin: 'all',
  };
  test.each(Object.entries(scopes) as [Role, WriteScope | null][])('the role %s', (role, scope) => {
    for (const before of ['all', 'comments', 'none'] as const) {
      const fate = fateOf(before, role);
      if (scope === null) expect(fate).toEqual({ kind: 'ended', code: 'forbidden' });
      else expect(fate).toEqual(scope === before ? { kind: 'unchanged' } : { kind: 'rescoped', scope });
    }
  });

  test('a credential that is worth nothing any more ends it', () => {
    expect(fateOf('all', null)).toEqual({ kind: 'ended', code: 'unauthenticated' });
  });

  test('it ends at the end of its token, whatever else holds', () => {
    expect(fateOf('all', 'owner', { expiresAt: NOW })).toEqual({ kind: 'ended', code: 'token-expired' });
    expect(fateOf('all', null, { expiresAt: NOW })).toEqual({ kind: 'ended', code: 'token-expired' });
    expect(fateOf('all', 'owner', { expiresAt: NOW + 1 })).toEqual({ kind: 'unchanged' });
    expect(fateOf('all', 'owner', { expiresAt: Infinity })).toEqual({ kind: 'unchanged' });
  });

  test('what it sent keeps it from writing, for good or until it may write everywhere', () => {
    expect(fateOf('none', 'owner', { barred: 'for-good' })).toEqual({ kind: 'unchanged' });
    expect(fateOf('none', 'commenter', { barred: 'below-all' })).toEqual({ kind: 'unchanged' });
    expect(fateOf('none', 'editor', { barred: 'below-all' })).toEqual({ kind: 'rescoped', scope: 'all' });
    expect(fateOf('all', 'commenter', { barred: 'below-all' })).toEqual({ kind: 'rescoped', scope: 'none' });
    expect(fateOf('none', 'none', { barred: 'for-good' })).toEqual({ kind: 'ended', code: 'forbidden' });
  });
});
