import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import { createPastThread } from './content/history/answer-in-thread.ts';
import { createDocumentPast } from './content/history/document-past.ts';

/** What documents were, the way back to it, and what goes out of it as files. */
export function createPast({ clock, telemetry }: Ground, stores: Stores) {
  const thread = createPastThread({ clock });
  const reads = { ...stores, ...stores.historyReads };
  return {
    past: createDocumentPast({ ...reads, telemetry, answer: thread.answer }),
    versions: stores.versions,
    publications: stores.publications,
    service: thread,
  };
}
