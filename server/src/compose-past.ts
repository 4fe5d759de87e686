import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import { createPastThread } from './content/history/answer-in-thread.ts';
import { createDocumentPast } from './content/history/document-past.ts';
import { createDocumentEdits } from './rooms/document-edits.ts';
import type { DocumentWriter } from './ports/document-writer.ts';

/** What documents were, the way back to it, and what goes out of it as files. */
export function createPast({ clock, telemetry }: Ground, stores: Stores, writer: DocumentWriter) {
  const thread = createPastThread({ clock });
  const reads = { ...stores, ...stores.historyReads };
  return {
    past: createDocumentPast({ ...reads, telemetry, answer: thread.answer }),
    edits: createDocumentEdits(writer),
    versions: stores.versions,
    publications: stores.publications,
    service: thread,
  };
}
