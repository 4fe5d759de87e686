import { coversResource, parseGrantResource } from '@scriptorium/shared/grant-resource';
import type { Role } from '@scriptorium/shared/roles';

/**
 * The claims by which tokens of Tiptap Collaboration name documents (their page "Legacy authentication"): exact names, or
 * prefixes with a `*` behind them. Absent is not the same as empty: without `allowedDocumentNames` such a token does not
 * limit who may edit, which here is for the tenant-wide role to say.
 */
export interface TiptapClaims {
  readonly allowedDocumentNames?: readonly string[] | undefined;
  readonly readonlyDocumentNames?: readonly string[] | undefined;
  readonly commentDocumentNames?: readonly string[] | undefined;
}

/**
 * Turns the claims into roles by name or pattern. Allowed is `editor` and read-only is `viewer`; what is listed as
 * read-only is so whatever else lists it, and commenting is added to what can be read. A name that no document can
 * have matches nothing. Returns a sentence when a `*` stands anywhere but at the end: a limit that is not understood
 * must not be passed over.
 */
export function readTiptapClaims(claims: TiptapClaims): ReadonlyMap<string, Role> | string {
  const lists = {
    allowed: readList(claims.allowedDocumentNames),
    readonly: readList(claims.readonlyDocumentNames),
    comment: readList(claims.commentDocumentNames),
  };
  for (const [kind, list] of Object.entries(lists))
    if (list === null) return `the claim "${kind}DocumentNames" has an entry with a * that is not at its end`;
  const allowed = lists.allowed ?? [];
  const readOnly = lists.readonly ?? [];
  const comment = lists.comment ?? [];
  const roles = new Map<string, Role>();
  for (const key of [...allowed, ...readOnly, ...comment]) {
    const isReadOnly = isCovered(readOnly, key);
    if (!isReadOnly && !isCovered(allowed, key)) continue;
    const least = isCovered(comment, key) ? 'commenter' : 'viewer';
    roles.set(key, isReadOnly ? least : 'editor');
  }
  return roles;
}

/** Every pattern that matches a name covers the longest one that does, so a role can be told key by key. */
function isCovered(list: readonly string[], key: string): boolean {
  return list.some((entry) => coversResource(entry, key));
}

function readList(entries: readonly string[] | undefined): readonly string[] | null {
  const list: string[] = [];
  for (const entry of entries ?? []) {
    const resource = parseGrantResource(entry);
    if (resource !== null) list.push(resource);
    else if (entry.includes('*')) return null;
  }
  return list;
}
