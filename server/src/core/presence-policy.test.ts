import { parseDocumentName } from '@scriptorium/shared/document-name';
import type { Role } from '@scriptorium/shared/roles';
import { expect, test } from 'vitest';
import { createRights } from '../../test/support/identities.ts';
import { presenceFor } from './presence-policy.ts';

const name = parseDocumentName('doc');
if (name === null) throw new Error('not a name');
const of = (role: Role, seeRole: Role, showRole: Role) =>
  presenceFor(createRights({ role }), name, { seeRole, showRole });

test('[AUTH90] who sees the others, and whom they see, is told by the table of actions and the least roles', () => {
  expect(of('viewer', 'viewer', 'viewer')).toEqual({ sees: true, shows: true });
  expect(of('viewer', 'viewer', 'commenter')).toEqual({ sees: true, shows: false });
  expect(of('viewer', 'editor', 'editor')).toEqual({ sees: false, shows: false });
  expect(of('commenter', 'editor', 'commenter')).toEqual({ sees: false, shows: true });
  expect(of('none', 'viewer', 'viewer')).toEqual({ sees: false, shows: false });
});
