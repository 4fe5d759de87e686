import { parseDocumentName, type DocumentName } from '@scriptorium/shared/document-name';
import { ACTIONS, type Action, type Role } from '@scriptorium/shared/roles';
import { describe, expect, test } from 'vitest';
import { createRights } from '../../test/support/identities.ts';
import { decide, decideForTenant, roleFor, roleOver, tenantRole } from './permissions.ts';

function nameOf(text: string): DocumentName {
  const name = parseDocumentName(text);
  if (name === null) throw new Error(`${text} is not a document name`);
  return name;
}

function grants(role: Role, documents: Readonly<Record<string, Role>> = {}) {
  return createRights({ role, documents: new Map(Object.entries(documents)) });
}

describe('[AUTH1] an exact name beats the longest matching pattern, which beats the tenant-wide role', () => {
  const documents: Readonly<Record<string, Role>> = {
    'notes/today': 'owner',
    'notes/*': 'viewer',
    'notes/private/*': 'none',
    'no*': 'commenter',
    '*': 'editor',
  };
  test.each([
    ['notes/today', 'owner'],
    ['notes/todays', 'viewer'],
    ['notes/private/diary', 'none'],
    ['notes', 'commenter'],
    ['other', 'editor'],
  ] as const)('%s: %s', (name, role) => {
    expect(roleFor(grants('admin', documents), nameOf(name))).toBe(role);
  });

  test('without any match the tenant-wide role counts', () => {
    expect(roleFor(grants('publisher', { 'a/*': 'none' }), nameOf('a'))).toBe('publisher');
    expect(roleFor(grants('publisher'), nameOf('a'))).toBe('publisher');
  });
});

describe('[AUTH2] a role includes what lesser roles may do, and none includes nothing', () => {
  const viewer: readonly Action[] = ['read', 'see-presence', 'show-cursor', 'export'];
  const editor: readonly Action[] = [...viewer, 'comment', 'write', 'create', 'read-history', 'restore'];
  const owner: readonly Action[] = [...editor, 'publish', 'rename', 'delete', 'share'];
  const allowed: Readonly<Record<Role, readonly Action[]>> = {
    none: [],
    viewer,
    commenter: [...viewer, 'comment'],
    editor,
    publisher: [...editor, 'publish'],
    owner,
    admin: [...owner, 'manage-keys', 'read-audit', 'manage-tenant', 'manage-webhooks'],
  };
  test.each(Object.entries(allowed) as [Role, readonly Action[]][])('%s', (role, actions) => {
    for (const action of ACTIONS) {
      const decision = decide(grants(role), nameOf('a'), action);
      expect([action, decision]).toEqual([action, { kind: actions.includes(action) ? 'allowed' : 'denied', role }]);
    }
  });

  test('an exact none denies an admin', () => {
    expect(decide(grants('admin', { secret: 'none' }), nameOf('secret'), 'read')).toEqual({
      kind: 'denied',
      role: 'none',
    });
  });
});

describe('[AUTH21] stored grants raise what the token gives, whoever of the caller has them, and only none denies', () => {
  const map = (entries: Readonly<Record<string, Role>>) => new Map(Object.entries(entries));
  const own = { role: 'viewer', documents: map({ 'notes/*': 'editor', 'notes/secret': 'none' }) } as const;
  test.each([
    ['nothing stored', [], 'notes/a', 'editor'],
    ['more', [map({ 'notes/a': 'owner' })], 'notes/a', 'owner'],
    ['less does not lower', [map({ 'notes/a': 'viewer' })], 'notes/a', 'editor'],
    [
      'the highest of several holders',
      [map({ '*': 'commenter' }), map({ 'other*': 'publisher' })],
      'other',
      'publisher',
    ],
    ['within one holder the exact name counts', [map({ 'other*': 'owner', other: 'commenter' })], 'other', 'commenter'],
    ['within one holder the longest pattern counts', [map({ '*': 'owner', 'o*': 'commenter' })], 'other', 'commenter'],
    ['a none of the token is final', [map({ 'notes/secret': 'owner' })], 'notes/secret', 'none'],
    ['a stored none denies what the token gives', [map({ 'notes/*': 'none' })], 'notes/a', 'none'],
    ['a stored none denies what others give', [map({ '*': 'none' }), map({ other: 'owner' })], 'other', 'none'],
    ['an exact grant stands out of a none around it', [map({ 'o*': 'none', other: 'editor' })], 'other', 'editor'],
  ] as const)('%s', (...[, granted, name, role]) => {
    expect(roleFor(createRights({ ...own, granted }), nameOf(name))).toBe(role);
    expect(roleFor(createRights({ ...own, granted: granted.toReversed() }), nameOf(name))).toBe(role);
  });

  test('somebody whose token says nothing has what is stored', () => {
    expect(roleFor(createRights({ granted: [map({ a: 'editor' })] }), nameOf('a'))).toBe('editor');
    expect(roleFor(createRights(), nameOf('a'))).toBe('none');
  });
});

describe('[AUTH22] what is about the tenant needs the tenant-wide role admin, or a key with the ability', () => {
  const all = new Map<string, Role>([['*', 'admin']]);
  const denied = new Map<string, Role>([['*', 'none']]);
  test.each([
    ['an owner of everything', createRights({ role: 'owner', documents: new Map([['*', 'owner']]) }), 'denied'],
    ['an admin by the token', createRights({ role: 'admin' }), 'allowed'],
    ['an admin by a grant', createRights({ granted: [all] }), 'allowed'],
    ['an admin who was shut out', createRights({ role: 'admin', granted: [denied] }), 'denied'],
    ['a key with the ability', createRights({ abilities: ['manage-keys'] }), 'allowed'],
    ['a key with another ability', createRights({ abilities: ['read-audit'] }), 'denied'],
  ] as const)('%s', (_title, rights, kind) => {
    expect(decideForTenant(rights, 'manage-keys').kind).toBe(kind);
  });

  test('a role on a prefix is no tenant-wide role', () => {
    expect(tenantRole(createRights({ granted: [new Map([['a*', 'owner']])] }))).toBe('none');
  });
});

test('[AUTH23] the role over a prefix is the least that is held on anything in it', () => {
  const rights = grants('editor', { 'a/*': 'owner', 'a/b/*': 'viewer', 'a/c': 'none' });
  expect(roleOver(rights, 'a/x')).toBe('owner');
  expect(roleOver(rights, 'a/x*')).toBe('owner');
  expect(roleOver(rights, 'a/b*')).toBe('viewer');
  expect(roleOver(rights, 'a/b/*')).toBe('viewer');
  expect(roleOver(rights, 'a/*')).toBe('none');
  expect(roleOver(rights, '*')).toBe('none');
  expect(roleOver(grants('editor', { 'a/*': 'owner' }), '*')).toBe('editor');
  expect(roleOver({ ...rights, granted: [new Map([['a/b/c', 'none']])] }, 'a/b/*')).toBe('none');
});
