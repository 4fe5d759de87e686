import { createProblem } from '@scriptorium/shared/problem';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LostPage } from './lost-page.ts';
import { sendProblem } from './problem-details.ts';

/** Tells a wrong method from a wrong address, and people from programs. Call before any route is added. */
export function answerUnknownAddresses(app: FastifyInstance, lostPage: LostPage): void {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    // The catch-all of the browser app knows only files; with it every address would exist.
    if (!url.includes('*')) routes.push({ pattern: toPattern(url), methods: [method].flat() });
  });
  app.setNotFoundHandler(async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    if (allowed.length === 0 || allowed.includes(request.method)) {
      if (!(await lostPage(request, reply, 404))) sendProblem(reply, createProblem('not-found'));
      return reply;
    }
    reply.header('allow', [...new Set(allowed)].toSorted().join(', '));
    sendProblem(reply, createProblem('method-not-allowed'));
    return reply;
  });
}

function toPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')));
  return new RegExp(`^${parts.join('/')}$`);
}
