import { parseDocumentName, type DocumentName, type Tenant } from '@scriptorium/shared/document-name';

/** What a client's frame is addressed to: a document, and a session where one socket opens it more than once. */
export interface Address {
  readonly name: DocumentName;
  /** The provider's session identifier, `null` without one. */
  readonly session: string | null;
}

const SESSION_PATTERN = /^[A-Za-z0-9_-]{1,36}$/;

/** Parses `name` or `name\0session`; `null` when either part is not valid. */
export function parseAddress(text: string): Address | null {
  const separator = text.indexOf('\0');
  const name = parseDocumentName(separator === -1 ? text : text.slice(0, separator));
  if (name === null) return null;
  if (separator === -1) return { name, session: null };
  const session = text.slice(separator + 1);
  return SESSION_PATTERN.test(session) ? { name, session } : null;
}

/** Stands inside the node for the session of a client that names none; no client can write it. */
const NO_SESSION = '\0.';

/**
 * The address as it is written inside the node. A tenant holds no slash, so the first one ends it. Every address names
 * a session there, since Hocuspocus takes one without for all sessions of its document.
 */
export function qualifyAddress(tenant: Tenant, address: string): string {
  return `${tenant}/${address}${address.includes('\0') ? '' : NO_SESSION}`;
}

/** The address as the client knows it. */
export function plainAddress(qualified: string): string {
  const address = qualified.slice(qualified.indexOf('/') + 1);
  return address.endsWith(NO_SESSION) ? address.slice(0, -NO_SESSION.length) : address;
}
