/** Where in the app somebody is. */
export type Route =
  | { readonly kind: 'documents' }
  | { readonly kind: 'document'; readonly name: string }
  | { readonly kind: 'nowhere' };

const DOCUMENT_PREFIX = '/d/';

/** Reads an address of the app. */
export function parseRoute(path: string): Route {
  if (path === '/' || path === '') return { kind: 'documents' };
  if (!path.startsWith(DOCUMENT_PREFIX)) return { kind: 'nowhere' };
  try {
    const name = decodeURIComponent(path.slice(DOCUMENT_PREFIX.length)).replace(/\/+$/, '');
    return name === '' ? { kind: 'documents' } : { kind: 'document', name };
  } catch {
    return { kind: 'nowhere' };
  }
}

/** Address of a document's editor. */
export function documentPath(name: string): string {
  return DOCUMENT_PREFIX + name.split('/').map(encodeURIComponent).join('/');
}
