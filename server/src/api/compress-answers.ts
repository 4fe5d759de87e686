import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { compress, COMPRESSED_FROM, negotiateCoding } from '../content/compress.ts';
import type { Clock } from '../ports/clock.ts';

/** Texts, and Yjs updates, which are mostly text. An archive or a DOCX file is compressed already. */
const COMPRESSIBLE = /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?json\b|application\/vnd\.yjs\.update\b)/i;
/** Milliseconds that the threads which compress may take; they are Node's, and a file system that hangs holds them too. */
const PATIENCE = 2_000;

/**
 * Sends what the routes of an instance answer in the coding that `Accept-Encoding` asks for, where it is worth that and
 * the route has not done so itself. Streams pass as they are. An entity tag is of the state, whatever the coding.
 */
export function compressAnswers(app: FastifyInstance, { clock }: { readonly clock: Clock }): void {
  app.addHook('onSend', async (request, reply, payload: unknown) => {
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    if (!isCompressible(reply)) return payload;
    varyByCoding(reply);
    const coding = codingFor(request);
    const size = Buffer.byteLength(payload);
    if (coding === null || size < COMPRESSED_FROM) return payload;
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const encoded = await within(clock, compress(bytes, coding));
    if (encoded === null || encoded.byteLength >= size) return payload;
    reply.header('content-encoding', coding);
    return encoded;
  });
}

function isCompressible(reply: FastifyReply): boolean {
  return COMPRESSIBLE.test(String(reply.getHeader('content-type') ?? '')) && !reply.hasHeader('content-encoding');
}

function codingFor(request: FastifyRequest): ReturnType<typeof negotiateCoding> {
  return negotiateCoding(request.headers['accept-encoding']);
}

function varyByCoding(reply: FastifyReply): void {
  const vary = String(reply.getHeader('vary') ?? '');
  if (!/\baccept-encoding\b/i.test(vary))
    reply.header('vary', vary === '' ? 'Accept-Encoding' : `${vary}, Accept-Encoding`);
}

/** What was encoded, if that is there in time. */
async function within(clock: Clock, encoded: Promise<Buffer>): Promise<Buffer | null> {
  const late = Promise.withResolvers<null>();
  const timer = clock.after(PATIENCE, () => late.resolve(null));
  try {
    return await Promise.race([encoded, late.promise]);
  } finally {
    timer.cancel();
  }
}
