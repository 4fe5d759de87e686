import { setImmediate as nextTurn } from 'node:timers/promises';
import * as Y from 'yjs';
import type { HocuspocusClient } from './hocuspocus-client.ts';
import { type Milestone, type PersonScript, hasArrived } from './trace-script.ts';
import { withDeadline } from './wait-until.ts';
import type { YWebsocketClient } from './y-websocket-client.ts';

/** Edits in a row before the event loop gets a turn, and edits in flight before a person waits for acknowledgements. */
const STEPS_PER_TURN = 20;
const MAX_IN_FLIGHT = 400;
const WAIT_MS = 30_000;

export type Client = HocuspocusClient | YWebsocketClient;

/** Plays one person's part: before each step waits until the document holds the state of its parents. */
export async function playScript(client: Client, script: PersonScript): Promise<void> {
  for (const [index, step] of script.steps.entries()) {
    for (const milestone of step.needs) await arrival(client.doc, milestone);
    client.doc.transact((transaction) => {
      Y.applyUpdate(client.doc, step.update);
      // A local edit, as typing is; else Yjs would think that somebody else writes under its clientID and change it.
      transaction.local = true;
    }, 'typing');
    if (index % STEPS_PER_TURN === 0) await nextTurn();
    if (client.kind === 'hocuspocus') await roomInFlight(client);
  }
}

/** Resolves as soon as the milestone is in the document. */
function arrival(doc: Y.Doc, milestone: Milestone): Promise<void> | undefined {
  if (hasArrived(doc, milestone)) return undefined;
  const arrived = new Promise<void>((resolve) => {
    function check(): void {
      if (!hasArrived(doc, milestone)) return;
      doc.off('update', check);
      resolve();
    }
    doc.on('update', check);
  });
  return withDeadline(arrived, {
    what: `clock ${milestone.clock} of client ${milestone.clientId} reaches client ${doc.clientID}`,
    timeoutMs: WAIT_MS,
    seen: () => `clock ${Y.getState(doc.store, milestone.clientId)}`,
  });
}

function roomInFlight({ provider }: HocuspocusClient): Promise<void> | undefined {
  if (provider.unsyncedChanges < MAX_IN_FLIGHT) return undefined;
  const drained = new Promise<void>((resolve) => {
    function check({ number }: { number: number }): void {
      if (number >= MAX_IN_FLIGHT / 2) return;
      provider.off('unsyncedChanges', check);
      resolve();
    }
    provider.on('unsyncedChanges', check);
  });
  return withDeadline(drained, {
    what: 'acknowledgements come in',
    timeoutMs: WAIT_MS,
    seen: () => `${provider.unsyncedChanges} unacknowledged`,
  });
}
