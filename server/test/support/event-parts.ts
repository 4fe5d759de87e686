import { createFilesystemSnapshotStore } from '../../src/adapters/filesystem/snapshot-store.ts';
import type { StoredEvents } from '../../src/adapters/sql/stored-events.ts';
import { createStoredHistory } from '../../src/adapters/sql/stored-history.ts';
import type { SqliteConnection } from '../../src/adapters/sqlite/sqlite-connection.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { LivePresence } from '../../src/ports/live-presence.ts';
import type { Telemetry } from '../../src/ports/telemetry.ts';
import { createChangeAnnouncer } from '../../src/workers/change-announcer.ts';
import { createDocumentEraser } from '../../src/workers/document-eraser.ts';
import { createEventFeed } from '../../src/workers/event-feed.ts';

/** What REST needs to tell of documents and to erase them, over a real store; only who is here is played. */
export function createEventParts(deps: {
  readonly events: StoredEvents;
  readonly directory: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sqlite: SqliteConnection;
}) {
  const { events, directory, sqlite, ...rest } = deps;
  const announcer = createChangeAnnouncer({
    ...rest,
    outbox: events.outbox,
    quietMs: 1_000_000_000,
    keepMs: 1_000_000_000,
    onEvents: () => undefined,
  });
  const presence: LivePresence = {
    list: () => Promise.resolve([{ client: 7, user: 'ada', state: '{"user":{"name":"Ada"}}' }]),
    broadcast: () => undefined,
  };
  return {
    eventFeed: createEventFeed({ ...rest, outbox: events.outbox, announcer }),
    eraser: createDocumentEraser({
      ...rest,
      // It only lets others go first; nobody moves a test's clock for that.
      clock: { ...rest.clock, soon: (callback) => createSystemClock().soon(callback) },
      erasures: events.erasures,
      register: createStoredHistory({ database: sqlite.database }).register,
      snapshots: createFilesystemSnapshotStore({ directory: `${directory}/snapshots` }),
      steps: [],
    }),
    presence,
  };
}
