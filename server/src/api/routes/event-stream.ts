import { documentNameSchema } from '@scriptorium/shared/rest-schemas';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { ScriptoriumError } from '../../core/errors.ts';
import { decide } from '../../core/permissions.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { StoredEvent } from '../../ports/outbox.ts';
import { toEventView } from '../../workers/webhook-message.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf, requireDocumentName, type Caller } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { documentPath, findDocument } from '../find-document.ts';

type StreamDeps = Pick<ApiDeps, 'catalog' | 'access' | 'outbox' | 'eventFeed' | 'clock'>;

/** Milliseconds between two signs of life: proxies cut a line on which nothing comes for a minute. */
const HEARTBEAT = 15_000;
/** Milliseconds that a listener is to wait before it comes back. */
const RETRY = 3_000;
/** Bytes that may wait for a listener who does not read. */
const BACKLOG_BYTES = 1024 * 1024;
/** Streams of one user on a node; each is a connection that stays. */
const MOST_PER_USER = 50;
const EVENT_NUMBER = /^\d{1,15}$/;

const schema = {
  tags: ['Webhooks'],
  security: BEARER_SECURITY,
  operationId: 'followDocument',
  summary: 'Listen to what happens to a document',
  description:
    'Server-sent events, the same as webhooks get: `id` is the number of the event in its document, `event` its type. ' +
    'With `Last-Event-ID` those that came since then are sent first, as far back as events are kept; else it begins ' +
    'now, and says behind which event that is. Whoever may not see presence hears nothing of people. Ends with the token, or when access is taken away.',
  params: z.object({ name: documentNameSchema }),
  headers: z.object({
    'last-event-id': z.string().optional().meta({ description: 'Number of the last event that was heard.' }),
  }),
  response: {
    200: z.string().meta({ description: '`text/event-stream`' }),
    308: z.null().meta({ description: 'The document was renamed; `Location` has its address.' }),
    ...problemResponses(
      ...TOKEN_PROBLEMS,
      'bad-request',
      'invalid-document-name',
      'forbidden',
      'document-not-found',
      'document-deleted',
      'overloaded',
    ),
  },
};

/** What happens to a document, as server-sent events. */
export const eventStreamRoutes: FastifyPluginAsyncZod<StreamDeps> = async (app, deps) => {
  const open = new Map<string, number>();
  app.get('/documents/:name/events', { schema, config: { namesDocument: true } }, async (request, reply) => {
    const caller = callerOf(request);
    const name = requireDocumentName(request.params.name);
    const found = await findDocument(deps.catalog, { caller, name, action: 'read' });
    if (found.kind === 'moved') return reply.redirect(`${documentPath(found.name)}/events`, 308);
    const { record } = found;
    const after = await readStart(deps, record, request.headers['last-event-id']);
    // Whoever has gone meanwhile is told nothing, and takes no place.
    if (reply.raw.destroyed) return reply;
    const release = takePlace(open, `${caller.identity.tenant} ${caller.identity.user}`);
    reply.hijack();
    const { raw } = reply;
    // What hooks have set by now, for pages of other origins too.
    for (const [header, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) raw.setHeader(header, value);
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    raw.once('close', release);
    // Whoever is cut off before the first event knows behind which one to go on.
    raw.write(`retry: ${RETRY}\nid: ${after}\n\n`);
    stream(deps, { caller, record, after, raw });
    return reply;
  });
};

/** Counts one more stream of the user; gives its place back once it is called. Throws `overloaded`. */
function takePlace(open: Map<string, number>, user: string): () => void {
  const taken = open.get(user) ?? 0;
  if (taken >= MOST_PER_USER) throw new ScriptoriumError('overloaded', `you have ${MOST_PER_USER} streams open`);
  open.set(user, taken + 1);
  return () => {
    const left = (open.get(user) ?? 1) - 1;
    if (left === 0) open.delete(user);
    else open.set(user, left);
  };
}

async function readStart(
  { outbox }: StreamDeps,
  { id }: DocumentRecord,
  header: string | readonly string[] | undefined,
): Promise<number> {
  if (header === undefined) return (await outbox.readPositions([id]))[0]?.number ?? 0;
  if (typeof header !== 'string' || !EVENT_NUMBER.test(header))
    throw new ScriptoriumError('bad-request', 'Last-Event-ID is not the number of an event');
  return Number(header);
}

interface Stream {
  readonly caller: Caller;
  readonly record: DocumentRecord;
  readonly after: number;
  readonly raw: ServerResponse;
}

function stream({ access, eventFeed, clock }: StreamDeps, { caller, record, after, raw }: Stream): void {
  const { identity } = caller;
  const may = { seePresence: decide(caller.rights, record.name, 'see-presence').kind === 'allowed' };
  let { name } = record;
  const stop = eventFeed.follow(record.id, after, {
    take: (events) => {
      for (const event of events) {
        name = event.name;
        if (may.seePresence || !event.type.startsWith('user.')) raw.write(toFrame(event));
      }
      return raw.writable && raw.writableLength < BACKLOG_BYTES;
    },
    mayGoOn: async () => {
      if (clock.now() >= identity.expiresAt) return false;
      const { rights } = await access.standingOf(identity);
      if (rights === null || decide(rights, name, 'read').kind === 'denied') return false;
      may.seePresence = decide(rights, name, 'see-presence').kind === 'allowed';
      return true;
    },
    end: () => {
      raw.end();
    },
  });
  const stopBeating = beat(clock, raw);
  raw.on('close', () => {
    stop();
    stopBeating();
  });
  raw.on('error', () => {
    raw.destroy();
  });
}

function toFrame(event: StoredEvent): string {
  // JSON holds no line break of its own.
  return `id: ${event.number}\nevent: ${event.type}\ndata: ${JSON.stringify(toEventView(event))}\n\n`;
}

function beat(clock: Clock, raw: ServerResponse): () => void {
  const arm = () =>
    clock.after(HEARTBEAT, () => {
      if (raw.writable && raw.writableLength < BACKLOG_BYTES) raw.write(':\n\n');
      timer = arm();
    });
  let timer = arm();
  return () => {
    timer.cancel();
  };
}
