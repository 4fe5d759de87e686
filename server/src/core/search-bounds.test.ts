import { parseDocumentName } from '@scriptorium/shared/document-name';
import { coversResource } from '@scriptorium/shared/grant-resource';
import { ROLES, type Role } from '@scriptorium/shared/roles';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRights } from '../../test/support/identities.ts';
import { decide, type RoleMap } from './permissions.ts';
import { boundSearch, narrowBounds, type SearchBounds } from './search-bounds.ts';

const letters = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab');
const name = fc.array(letters, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const resource = fc.oneof(
  name,
  name.map((it) => `${it}*`),
  name.map((it) => `${it}/*`),
  fc.constant('*'),
);
const role = fc.constantFrom<Role>(...ROLES.filter((it) => it !== 'admin'));
const roleMap: fc.Arbitrary<RoleMap> = fc
  .array(fc.tuple(resource, role), { maxLength: 5 })
  .map((entries) => new Map(entries));

function isWithin({ names, exceptNames }: SearchBounds, it: string): boolean {
  if (exceptNames.some((except) => coversResource(except, it))) return false;
  return names === null || names.some((one) => coversResource(one, it));
}

describe('the bounds of a search', () => {
  it('[FIND21] hold everything that may be read, whatever was granted and denied', () => {
    const rights = fc.record({ role, documents: roleMap, granted: fc.array(roleMap, { maxLength: 3 }) });
    fc.assert(
      fc.property(rights, fc.array(name, { minLength: 5, maxLength: 20 }), (given, names) => {
        const bounds = boundSearch(createRights(given));
        for (const text of names) {
          const parsed = parseDocumentName(text);
          if (parsed === null) throw new Error(`not a name: ${text}`);
          const isReadable = decide(createRights(given), parsed, 'read').kind === 'allowed';
          if (isReadable) expect(isWithin(bounds, text)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('[FIND21] are narrow where names can say it', () => {
    const documents = new Map<string, Role>([
      ['team/*', 'viewer'],
      ['team/plan', 'editor'],
      ['team/secret/*', 'none'],
      ['other', 'viewer'],
    ]);
    expect(boundSearch(createRights({ role: 'none', documents }))).toEqual({
      names: ['team/*', 'other'],
      exceptNames: ['team/secret/*'],
    });
    expect(boundSearch(createRights({ role: 'none' }))).toEqual({ names: [], exceptNames: [] });
    expect(boundSearch(createRights({ role: 'viewer' }))).toEqual({ names: null, exceptNames: [] });
  });

  it('[FIND21] narrow to what the asker wants', () => {
    const bounds = { names: ['team/*', 'notes/today'], exceptNames: [] };
    expect(narrowBounds(bounds, 'team/plans/*').names).toEqual(['team/plans/*']);
    expect(narrowBounds(bounds, 'notes/*').names).toEqual(['notes/today']);
    expect(narrowBounds(bounds, 'elsewhere').names).toEqual([]);
    expect(narrowBounds({ names: null, exceptNames: [] }, 'a*').names).toEqual(['a*']);
  });
});
