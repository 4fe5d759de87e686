import { signal } from '@preact/signals';
import { parseRoute, type Route } from './app-path.ts';

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
