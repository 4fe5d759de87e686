import { createProblem } from '@scriptorium/shared/problem';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem-details.ts';

/** Tells a wrong method from a wrong address. Call before any route is added. */
export function answerUnknownAddresses(app: FastifyInstance): void {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    // The catch-all of the browser app knows only files; with it every address would exist.
    if (!url.includes('*')) routes.push({ pattern: toPattern(url), methods: [method].flat() });
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    if (allowed.length === 0 || allowed.includes(request.method)) {
      sendProblem(reply, createProblem('not-found'));
      return;
    }
    reply.header('allow', [...new Set(allowed)].toSorted().join(', '));
    sendProblem(reply, createProblem('method-not-allowed'));
  });
}

function toPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')));
  return new RegExp(`^${parts.join('/')}$`);
}
