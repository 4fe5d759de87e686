/** A document's name as its users write it: 1 to 128 characters, path-like, no tenant in it. */
export type DocumentName = string & { readonly __brand: 'DocumentName' };

/** A tenant's identifier, taken from the token alone. */
export type Tenant = string & { readonly __brand: 'Tenant' };

export const DOCUMENT_NAME_MAX_LENGTH = 128;
export const DOCUMENT_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._~:@=+-]*(\/[A-Za-z0-9][A-Za-z0-9._~:@=+-]*)*$/;
const TENANT_PATTERN = /^[a-z0-9-]{1,63}$/;
export const DEFAULT_TENANT = 'default' as Tenant;

/** Returns the text as a document name, or `null` when it is not one. */
export function parseDocumentName(text: string): DocumentName | null {
  if (text.length > DOCUMENT_NAME_MAX_LENGTH) return null;
  return DOCUMENT_NAME_PATTERN.test(text) ? (text as DocumentName) : null;
}

/** Returns the text as a tenant identifier, or `null` when it is not one. */
export function parseTenant(text: string): Tenant | null {
  return TENANT_PATTERN.test(text) ? (text as Tenant) : null;
}
