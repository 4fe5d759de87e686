import * as Y from 'yjs';
import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import type { DocumentId } from '../../src/ports/update-log.ts';
import type { ClientKind } from './client-copy.ts';
import { readClaims, type ClientEdit } from './client-edit-record.ts';
import { createLife } from './life.ts';
import type { LineEvents } from './line.ts';
import { ModelClient, type ClientObserver } from './model-client.ts';
import { createPassiveDoc } from './oracle.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { toName, type World } from './world.ts';

/** What becomes of those who hold content of a deleted document, or would read one that nobody has made yet. */
const EXPECTED_REFUSALS = new Set(['tombstoned-content', 'document-deleted', 'document-not-found']);
/** What a node says to clients that did nothing wrong. */
const EXPECTED_CLOSES: ReadonlySet<number> = new Set([
  CLOSE_CODES.goingAway,
  CLOSE_CODES.roomDiscarded,
  CLOSE_CODES.unavailable,
]);

/** Where a client is at present. */
interface Whereabouts {
  run: SimulatedNode | null;
  /** The incarnation that it is in. */
  documentId: DocumentId | null;
}

/** A client whose every word is held against the log in the moment in which its user would read it. */
export function createWatchedClient(world: World, index: number): ModelClient {
  const { scheduler, streams, cluster, names, trace } = world;
  const kind = kindOf(world, index);
  const name = `${kind === 'reader' ? 'reader' : 'client'}-${index + 1}`;
  const life = createLife(scheduler, name);
  const at: Whereabouts = { run: null, documentId: null };
  const connect = (events: LineEvents, place: string | null) => {
    at.run = null;
    at.documentId = null;
    const onMessage = (message: Uint8Array): void => {
      trace.noteBytes(`${name} <`, message);
      // Its session on the node knows.
      const session = at.run?.sessions().findLast(({ user }) => user === name);
      at.documentId = session?.room.documentId ?? at.documentId;
      events.onMessage(message);
    };
    const onRun = (run: SimulatedNode): void => void (at.run = run);
    return cluster.connect({ ...events, onMessage }, { client: life, place, onRun });
  };
  const observer = createObserver(world, at, { name, kind });
  const document = names[index % names.length] ?? toName('none');
  return new ModelClient({ name, kind, document, life, random: streams.stream(name), connect, observer });
}

/** The fifth client only reads, in half of all runs; of the others every third counts answers as stock clients do. */
function kindOf({ streams }: World, index: number): ClientKind {
  if (index === 4 && streams.stream('reader').chance(0.5)) return 'reader';
  return index % 3 === 2 ? 'stock' : 'own';
}

function createObserver(
  world: World,
  at: Whereabouts,
  { name, kind }: { readonly name: string; readonly kind: ClientKind },
): ClientObserver {
  const { oracle, trace, counts, find } = world;
  return {
    onSaved: (edits) => {
      for (const edit of edits) checkSaved(world, edit, { name, documentId: at.documentId });
    },
    onReceived: (update) => {
      if (kind !== 'reader' || at.documentId === null || oracle.holds(at.documentId, readClaims(update))) return;
      find(`${name} only reads and was shown what is not committed`);
    },
    onRefused: (code, clientID) => {
      trace.note(`${name} refused ${code}`);
      if (code !== 'forked') {
        if (!EXPECTED_REFUSALS.has(code)) find(`${name} was refused: ${code}`);
        return;
      }
      counts.forks += 1;
      const room = at.documentId === null ? null : (at.run?.rooms.get(at.documentId) ?? null);
      if (room !== null && !isForkExplained(clientID, room.state.encode()))
        find(`${name} was told of a fork, and nobody had deleted anything of it`);
    },
    onClosed: (code) => {
      trace.note(`${name} closed ${code}`);
      if (code !== null && !EXPECTED_CLOSES.has(code)) find(`${name} was closed with ${code}`);
    },
  };
}

/**
 * After a crash a peer may bring back what a client wrote and the peer has deleted since. Nobody can tell such a
 * deletion from text that was replaced, so the client is told of a fork, and writes its text anew.
 */
function isForkExplained(clientID: number, serverState: Uint8Array): boolean {
  const server = createPassiveDoc();
  Y.applyUpdate(server, serverState);
  return (server.store.clients.get(clientID) ?? []).some((struct) => struct.deleted);
}

function checkSaved(
  world: World,
  edit: ClientEdit,
  { name, documentId }: { readonly name: string; readonly documentId: DocumentId | null },
): void {
  world.counts.saved += 1;
  if (documentId === null || !world.oracle.holds(documentId, edit)) {
    world.find(`${name} says that its edit ${edit.number} is saved, and it is not in the log`);
    return;
  }
  for (const marker of edit.markers) world.saved.set(marker, documentId);
}
