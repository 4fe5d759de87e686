import { DOCUMENT_NAME_MAX_LENGTH, parseDocumentName } from './document-name.ts';

/** What a grant is about: one document by its name, or all whose names begin with a prefix (`notes/*`, `*`). */
export type GrantResource = string & { readonly __brand: 'GrantResource' };

/** Every document of the tenant. */
export const WHOLE_TENANT = '*' as GrantResource;

/** Returns the text as a document name or a prefix with a `*` behind it, or `null` when it is neither. */
export function parseGrantResource(text: string): GrantResource | null {
  if (!text.endsWith('*')) return parseDocumentName(text) as GrantResource | null;
  const prefix = text.slice(0, -1);
  // A prefix may end in a slash, which a name may not; one more letter makes a name of either.
  const isPrefix =
    prefix === '' || (prefix.length < DOCUMENT_NAME_MAX_LENGTH && parseDocumentName(`${prefix}a`) !== null);
  return isPrefix ? (text as GrantResource) : null;
}

/** Whether everything that the second resource stands for is covered by the first. */
export function coversResource(resource: string, other: string): boolean {
  return resource.endsWith('*') ? other.startsWith(resource.slice(0, -1)) : resource === other;
}
