import { coversResource, WHOLE_TENANT } from '@scriptorium/shared/grant-resource';
import { roleAllows } from '@scriptorium/shared/roles';
import { roleFor, type Rights } from './permissions.ts';

/** Names, and prefixes with a `*` behind them, within which a search looks. */
export interface SearchBounds {
  /** `null`: everywhere. */
  readonly names: readonly string[] | null;
  readonly exceptNames: readonly string[];
}

/** Bounds with more names than this would cost an engine more than they spare it. */
const NAMES_MAX = 500;

/**
 * Bounds around all that may be read, as narrow as names and prefixes can say it. They spare work and decide nothing:
 * whatever may be read lies within them, and what lies within them may still be forbidden.
 */
export function boundSearch(rights: Rights): SearchBounds {
  const keys = new Set([rights.documents, ...rights.granted].flatMap((map) => [...map.keys()]));
  const isReadable = (resource: string): boolean => roleAllows(roleFor(rights, resource), 'read');
  const readable = [...keys].filter(isReadable);
  const isEverywhere = roleAllows(rights.role, 'read') || isReadable(WHOLE_TENANT) || readable.length > NAMES_MAX;
  const exceptNames = [...keys].filter(
    (key) => !isReadable(key) && !readable.some((other) => coversResource(key, other)),
  );
  return {
    names: isEverywhere ? null : outermost(readable),
    exceptNames: exceptNames.length > NAMES_MAX ? [] : outermost(exceptNames),
  };
}

/** Narrows bounds to a name or prefix that the asker wants to search in. */
export function narrowBounds(bounds: SearchBounds, wanted: string): SearchBounds {
  if (bounds.names === null) return { ...bounds, names: [wanted] };
  const names = bounds.names.flatMap((name) => {
    if (coversResource(name, wanted)) return [wanted];
    return coversResource(wanted, name) ? [name] : [];
  });
  return { ...bounds, names: [...new Set(names)] };
}

/** Leaves out what another one covers. */
function outermost(resources: readonly string[]): readonly string[] {
  return resources.filter(
    (resource) => !resources.some((other) => other !== resource && coversResource(other, resource)),
  );
}
