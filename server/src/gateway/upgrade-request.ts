import type { IncomingMessage } from 'node:http';
import type { Dialect } from './frames.ts';

/** What an upgrade request asks for. The token of a y-websocket client is in its address and must never be logged. */
export type UpgradeRequest =
  | { readonly kind: 'accepted'; readonly dialect: Dialect; readonly token: string | null }
  | { readonly kind: 'refused'; readonly status: 400 | 403 | 404 };

/** Routes an upgrade request by its path, after its Origin was held against the allowed ones. */
export function readUpgradeRequest(request: IncomingMessage, allowedOrigins: readonly string[]): UpgradeRequest {
  if (!isOriginAllowed(request, allowedOrigins)) return { kind: 'refused', status: 403 };
  const url = parseUrl(request.url ?? '/');
  if (url === null) return { kind: 'refused', status: 400 };
  if (url.pathname === '/' || url.pathname === '/collab' || url.pathname === '/collab/') {
    return { kind: 'accepted', dialect: { kind: 'hocuspocus' }, token: null };
  }
  if (!url.pathname.startsWith('/y/')) return { kind: 'refused', status: 404 };
  const document = decode(url.pathname.slice('/y/'.length));
  if (document === null) return { kind: 'refused', status: 400 };
  return { kind: 'accepted', dialect: { kind: 'y-websocket', document }, token: url.searchParams.get('token') ?? '' };
}

/** A page of ours, a page of an allowed origin, or something that is not a browser. */
function isOriginAllowed(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  if (allowed.includes('*') || allowed.includes(origin)) return true;
  return parseUrl(origin)?.host === host;
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text, 'http://localhost') ? new URL(text, 'http://localhost') : null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
