import type { PresenceView } from '@scriptorium/shared/presence-schemas';
import type { DocumentEvent } from './document-event.ts';
import { followEvents, type FollowOptions } from './follow-events.ts';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { EVENT_OPERATIONS } from './rest-operations-events.ts';

/** Hears what happens to documents and who is there, and speaks to their clients. Calls reject with a `RestError`. */
export interface EventClient {
  /**
   * The events of a document as they happen, each once and in order, through lost connections, restarts of the server and
   * renames. Ends with the document or the signal; throws a `RestError` when the caller may not listen any more.
   */
  followDocument(name: string, options?: FollowOptions): AsyncGenerator<DocumentEvent, void, undefined>;
  /** Who is in a document, on whatever node. */
  listPresence(name: string): Promise<PresenceView>;
  /** Sends a text to all clients that have the document open. */
  broadcast(name: string, payload: string): Promise<void>;
}

/** Talks to one server on behalf of a program. */
export function createEventClient(options: RestClientOptions): EventClient {
  const call = createCallRest(EVENT_OPERATIONS, options);
  return {
    followDocument: (name, follow = {}) =>
      followEvents({
        ...follow,
        name,
        open: ({ name: parameter, after, signal }) => {
          const headers = { accept: 'text/event-stream', 'last-event-id': after === null ? undefined : String(after) };
          return call('followDocument', { parameters: { name: parameter }, headers, signal });
        },
      }),
    listPresence: async (name) => (await (await call('listPresence', { parameters: { name } })).json()) as PresenceView,
    broadcast: async (name, payload) => {
      await call('broadcast', { parameters: { name }, body: { payload } });
    },
  };
}
