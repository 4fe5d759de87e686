import { parseDocumentName, type DocumentName } from '@scriptorium/shared/document-name';
import { ACTIONS, type Action, type Role } from '@scriptorium/shared/roles';
import { describe, expect, test } from 'vitest';
import { decide, roleFor } from './permissions.ts';

function nameOf(text: string): DocumentName {
  const name = parseDocumentName(text);
  if (name === null) throw new Error(`${text} is not a document name`);
  return name;
}

function grants(role: Role, documents: Readonly<Record<string, Role>> = {}) {
  return { role, documents: new Map(Object.entries(documents)) };
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
  const allowed: Readonly<Record<Role, readonly Action[]>> = {
    none: [],
    viewer: ['read'],
    commenter: ['read', 'comment'],
    editor: ['read', 'comment', 'write', 'create'],
    publisher: ['read', 'comment', 'write', 'create', 'publish'],
    owner: [...ACTIONS],
    admin: [...ACTIONS],
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
