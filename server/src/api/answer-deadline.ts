import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ScriptoriumError } from '../core/errors.ts';
import { HTTP_LIMITS } from '../core/limits-http.ts';
import type { Clock, Timer } from '../ports/clock.ts';

/**
 * Answers a request that takes too long, whatever it waits for, with `storage-unavailable`. The time runs while it is
 * judged who asks, and again from when the request is there as a whole: a slow line is no slow store. What the handler
 * comes to later is dropped. It ends with the answer, but for one that is a stream: that has to begin.
 */
export function addAnswerDeadline(
  app: FastifyInstance,
  deps: {
    readonly clock: Clock;
    readonly handleError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
  },
): void {
  const timers = new WeakMap<FastifyRequest, Timer>();
  const stop = async (request: FastifyRequest): Promise<void> => {
    timers.get(request)?.cancel();
  };
  const start = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const timer = deps.clock.after(HTTP_LIMITS.answerMs, () => {
      // A long answer may take its time once it has begun.
      if (reply.sent || reply.raw.headersSent) return;
      deps.handleError(new ScriptoriumError('storage-unavailable', 'no answer in time'), request, reply);
      // It is on its way out through the hooks; what the handler sends from now on is left out.
      reply.hijack();
    });
    timers.set(request, timer);
  };
  app.addHook('onRequest', start);
  app.addHook('preParsing', stop);
  app.addHook('preHandler', start);
  app.addHook('onSend', async (request, _reply, payload: unknown) => {
    // What is done to an answer on its way out ends by itself; a second answer beside it could only fail.
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) await stop(request);
  });
  app.addHook('onResponse', stop);
}
