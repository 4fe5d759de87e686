import { signal } from '@preact/signals';

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

/** The route of now. */
export const route = signal<Route>(parseRoute(location.pathname));

/** Goes to an address of the app. */
export function navigate(path: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  route.value = parseRoute(location.pathname);
}

/** Follows the browser's own buttons, and takes plain clicks on the app's own links. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    route.value = parseRoute(location.pathname);
  });
  addEventListener('click', (event) => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!plain || event.defaultPrevented || !(event.target instanceof Element)) return;
    const link = event.target.closest('a');
    if (link === null || link.dataset['route'] === undefined) return;
    event.preventDefault();
    navigate(link.pathname);
  });
}
