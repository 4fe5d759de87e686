import type { FastifyReply } from 'fastify';

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** For what no browser should ever run or show as a page. */
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** For pages: everything from this server, scripts from files only; editors need inline styles. */
const PAGE_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Sets the headers that every answer carries; a page, known by its content type, has the wider policy, unless it brings its own. */
export function setSecurityHeaders(reply: FastifyReply): void {
  const type = String(reply.getHeader('content-type') ?? '');
  // A 304 has no type, and its headers replace those of the page that the browser keeps: it must not name a policy.
  if (reply.statusCode !== 304 && !reply.hasHeader('content-security-policy')) {
    reply.header('content-security-policy', type.startsWith('text/html') ? PAGE_POLICY : API_POLICY);
  }
  // Over TLS as the client sees it; a browser ignores the header on any other way.
  if (reply.request.protocol === 'https') reply.header('strict-transport-security', `max-age=${YEAR_SECONDS}`);
  reply.headers({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
}
