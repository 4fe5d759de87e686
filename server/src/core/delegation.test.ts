import type { Role } from '@scriptorium/shared/roles';
import { ROLES } from '@scriptorium/shared/roles';
import { describe, expect, test } from 'vitest';
import { createRights } from '../../test/support/identities.ts';
import { decideGrant, findExcess } from './delegation.ts';

const map = (entries: Readonly<Record<string, Role>>) => new Map(Object.entries(entries));
const nothing = { role: 'none', documents: new Map<string, Role>(), abilities: [] } as const;

describe('[AUTH46] nobody gives more than they hold on everything that it covers', () => {
  const rights = createRights({
    role: 'viewer',
    documents: map({ 'a/*': 'owner', 'a/b': 'editor', c: 'owner', d: 'publisher' }),
  });
  test.each([
    ['a/x', 'owner', 'allowed'],
    ['a/x', 'none', 'allowed'],
    ['a/x/*', 'owner', 'allowed'],
    ['c', 'owner', 'allowed'],
    ['c', 'admin', 'denied'],
    // Not shared by who may not share, however little is given.
    ['d', 'viewer', 'denied'],
    ['a/b', 'viewer', 'denied'],
    // Something in it is held less.
    ['a/*', 'viewer', 'denied'],
    ['*', 'viewer', 'denied'],
    ['b', 'viewer', 'denied'],
  ] as const)('on %s the role %s: %s', (resource, role, kind) => {
    expect(decideGrant(rights, resource, role).kind).toBe(kind);
  });

  test('an owner of everything gives everything but admin', () => {
    const owner = createRights({ role: 'owner' });
    for (const role of ROLES) expect(decideGrant(owner, '*', role).kind).toBe(role === 'admin' ? 'denied' : 'allowed');
  });

  test('an admin gives everything, admin on the whole tenant only, and mends what shuts admins out', () => {
    const admin = createRights({ role: 'admin', granted: [map({ secret: 'none' })] });
    expect(decideGrant(admin, '*', 'admin').kind).toBe('allowed');
    expect(decideGrant(admin, 'a/*', 'admin').kind).toBe('denied');
    expect(decideGrant(admin, 'secret', 'viewer').kind).toBe('allowed');
    const shutOut = createRights({ role: 'admin', granted: [map({ '*': 'none' })] });
    expect(decideGrant(shutOut, 'a', 'viewer').kind).toBe('denied');
  });

  test.each([
    ['nothing', nothing, null],
    ['the own role', { ...nothing, role: 'viewer' }, null],
    ['a higher role', { ...nothing, role: 'editor' }, 'the role "editor"'],
    ['a role on what is held', { ...nothing, documents: map({ 'a/x*': 'owner', 'a/b': 'editor' }) }, null],
    [
      'a role on what is held less in part',
      { ...nothing, documents: map({ 'a/*': 'owner' }) },
      'the role "owner" on "a/*"',
    ],
    ['an ability', { ...nothing, abilities: ['manage-keys'] }, 'the ability "manage-keys"'],
  ] as const)('a key to %s', (_title, delegation, excess) => {
    expect(findExcess(rights, delegation)).toBe(excess);
  });

  test('an admin makes keys to everything, somebody with an ability to that ability', () => {
    const all = { role: 'admin', documents: map({ '*': 'owner' }), abilities: ['manage-keys', 'read-audit'] } as const;
    expect(findExcess(createRights({ role: 'admin' }), all)).toBeNull();
    expect(findExcess(createRights({ role: 'owner' }), all)).toBe('the role "admin"');
    const clerk = createRights({ abilities: ['manage-keys'] });
    expect(findExcess(clerk, { ...nothing, abilities: ['manage-keys'] })).toBeNull();
    expect(findExcess(clerk, { ...nothing, abilities: ['manage-keys', 'manage-tenant'] })).toBe(
      'the ability "manage-tenant"',
    );
    // A tenant-wide role is a role on everything, so one hole is too much.
    expect(
      findExcess(createRights({ role: 'owner', documents: map({ a: 'none' }) }), { ...nothing, role: 'viewer' }),
    ).not.toBeNull();
  });
});
