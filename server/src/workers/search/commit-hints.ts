import type { DocumentCatalog } from '../../ports/document-catalog.ts';
import type { FanOut } from '../../ports/fan-out.ts';
import type { DocumentId, UpdateLog } from '../../ports/update-log.ts';

/** Told of a document of this node to which something happened, and how many rows it gained. Must not throw. */
export type NoteChange = (documentId: DocumentId, rows: number) => void;

/**
 * A log that tells whoever follows it what was committed here, after the writer got its answer, so that nothing on the
 * way of an acknowledgement waits for it. Hints may be lost with the process; followers compare themselves with the log.
 */
export function hintOfAppends(log: UpdateLog, note: NoteChange): UpdateLog {
  return {
    ...log,
    append: async (batch) => {
      const results = await log.append(batch);
      for (const [index, result] of results.entries()) {
        const entry = batch.entries[index];
        if (result.kind === 'stored' && entry !== undefined && entry.payload !== null) note(entry.documentId, 1);
      }
      return results;
    },
  };
}

/** The same for what changes about documents without a row: that they are made, renamed and deleted. */
export function hintOfCatalog(catalog: DocumentCatalog, note: NoteChange): DocumentCatalog {
  return {
    ...catalog,
    create: async (...change) => {
      const created = await catalog.create(...change);
      if (created.kind === 'created') note(created.record.id, 0);
      return created;
    },
    createWith: async (...change) => {
      const created = await catalog.createWith(...change);
      if (created.kind === 'created') note(created.record.id, created.record.head);
      return created;
    },
    rename: async (...change) => {
      const outcome = await catalog.rename(...change);
      if (outcome.kind === 'renamed') note(outcome.record.id, 0);
      return outcome;
    },
    remove: async (...change) => {
      const [tenant, name] = change;
      const found = await catalog.resolve(tenant, name);
      const removal = await catalog.remove(...change);
      if (removal === 'removed' && found.kind === 'found') note(found.record.id, 0);
      return removal;
    },
  };
}

/** The same for what other nodes commit in documents that are open here: their rows come along anyway. */
export function hintOfRelays(fanOut: FanOut, note: NoteChange): FanOut {
  return {
    shared: fanOut.shared,
    publish: (message) => {
      fanOut.publish(message);
    },
    subscribe: (documentId, handler, onActive) => {
      const take: typeof handler = (message) => {
        note(documentId, 1);
        handler(message);
      };
      return fanOut.subscribe(documentId, take, onActive);
    },
    publishAwareness: (documentId, node, update) => {
      fanOut.publishAwareness(documentId, node, update);
    },
    subscribeAwareness: (...subscription) => fanOut.subscribeAwareness(...subscription),
    healthy: () => fanOut.healthy(),
    onHealth: (handler) => fanOut.onHealth(handler),
    onNodeGone: (handler) => fanOut.onNodeGone(handler),
    drain: (milliseconds) => fanOut.drain(milliseconds),
  };
}
