import * as Y from 'yjs';
import { decodeLogRow } from '../../src/core/log-row.ts';
import { updatesOf } from '../../src/core/pending-row.ts';
import type { HistoryIndex } from '../../src/ports/history-index.ts';
import type { SnapshotIndex } from '../../src/ports/snapshot-index.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import type { DocumentId, UpdateLog } from '../../src/ports/update-log.ts';
import type { LoadDeps } from '../../src/rooms/load-base.ts';
import { openDocument } from '../../src/rooms/open-document.ts';
import { readLog } from '../../src/rooms/read-log.ts';
import { describeDocument } from '../support/document-description.ts';
import { toPort } from '../support/memory-documents.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { readMarkers } from './client-edits.ts';
import type { ModelClient } from './model-client.ts';
import { createPassiveDoc, summarize } from './oracle.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { readNewestSnapshot } from './stored-snapshot.ts';
import { TENANT, type World } from './world.ts';

/** What must be equal in all replicas. */
export interface Replica {
  /** State vector and delete set. */
  readonly state: string;
  readonly content: string;
}

/** Checks, once faults are over and edits have stopped for a while, that everything is where it belongs. */
export async function checkAtRest(world: World): Promise<void> {
  for (const [index, name] of world.names.entries()) {
    const resolution = world.store.ports.catalog.resolve(TENANT, name);
    if (resolution.kind !== 'found' && resolution.kind !== 'renamed') {
      world.find(`${name} leads nowhere`);
      continue;
    }
    const documentId = resolution.record.id;
    const clients = world.clients.filter((_, at) => at % world.names.length === index);
    await checkDocument(world, documentId, clients);
  }
  for (const node of world.cluster.nodes()) checkSessions(world, node);
}

async function checkDocument(world: World, documentId: DocumentId, clients: readonly ModelClient[]): Promise<void> {
  const { oracle, find } = world;
  const expected = describe(decode(Y.encodeStateAsUpdate(oracle.of(documentId).doc)));
  const compare = (who: string, replica: Replica): void => {
    if (replica.state !== expected.state) find(`${who} has another state than the log of document ${documentId}`);
    else if (replica.content !== expected.content) find(`${who} shows other content than the log of ${documentId}`);
  };
  compare('a fresh load', await loadFresh(world, documentId));
  const head = world.store.tables.documents.get(documentId)?.head ?? 0;
  compare('all rows together', await readFromTheBeginning(world, documentId, head));
  for (const node of world.cluster.nodes()) {
    const room = node.rooms.get(documentId);
    if (room === null) continue;
    compare(`the room of ${node.incarnation}`, describe(decode(room.state.encode())));
    compare(`the committed state of ${node.incarnation}`, describe(decode(room.committed.merged())));
    if (!room.settled) find(`the room of ${node.incarnation} still has something to store`);
  }
  for (const client of clients) {
    if (!client.connection.open) find(`${client.name} is not connected`);
    const { store } = client.copy.doc;
    if (store.pendingStructs !== null || store.pendingDs !== null) find(`${client.name} waits for something missing`);
    compare(client.name, describe(decode(Y.encodeStateAsUpdate(client.copy.doc))));
    if (!client.copy.saved) find(`${client.name} does not say that everything is saved`);
  }
  const hasSnapshot = (world.store.tables.documents.get(documentId)?.snapshotSeq ?? 0) > 0;
  if (hasSnapshot && readNewestSnapshot(world.store, documentId) === null)
    find(`the snapshot of document ${documentId} is not there`);
  checkMarkers(world, documentId, readText(oracle.of(documentId).doc));
}

/** Loads as a new node would do it, straight from what the store holds. */
async function loadFresh(world: World, documentId: DocumentId): Promise<Replica> {
  const { state } = await openDocument(portsOf(world), documentId);
  const replica = describe(decode(state.encode()));
  state.destroy();
  return replica;
}

/** What all rows make, wherever they are by now: in the log, or in segments. */
async function readFromTheBeginning(world: World, documentId: DocumentId, head: number): Promise<Replica> {
  const doc = createPassiveDoc();
  for await (const page of readLog(portsOf(world), documentId, { after: 0, upTo: head })) {
    if (page.kind === 'lost') {
      world.find(`rows ${page.fromSeq} to ${page.toSeq} of document ${documentId} are nowhere`);
      continue;
    }
    for (const row of page.rows) for (const update of updatesOf(decodeLogRow(row.payload))) Y.applyUpdate(doc, update);
  }
  return describe(doc);
}

function portsOf({ store }: World): LoadDeps {
  const { log, history, snapshots, snapshotIndex } = store.ports;
  return {
    log: toPort<UpdateLog>(log),
    history: toPort<HistoryIndex>(history),
    snapshots: toPort<SnapshotStore>(snapshots),
    snapshotIndex: toPort<SnapshotIndex>(snapshotIndex),
    telemetry: createSilentTelemetry(),
  };
}

function decode(update: Uint8Array): Y.Doc {
  const doc = createPassiveDoc();
  Y.applyUpdate(doc, update);
  return doc;
}

function describe(doc: Y.Doc): Replica {
  return { state: summarize(doc), content: describeDocument(doc) };
}

/** All that can be read in a document, whatever marks stand in between. */
function readText(doc: Y.Doc): string {
  return [...doc.share.values()].map((root) => readType(root)).join('\n');
}

type AnyType = Y.Doc['share'] extends Map<string, infer Type> ? Type : never;

function readType(type: AnyType): string {
  let text = '';
  for (let item = type._start; item !== null; item = item.right) if (!item.deleted) text += readContent(item.content);
  for (const item of type._map.values()) if (!item.deleted) text += readContent(item.content);
  return `${text}\n`;
}

function readContent(content: Y.Item['content']): string {
  if (content instanceof Y.ContentString) return content.str;
  if (content instanceof Y.ContentType) return readType(content.type as AnyType);
  return content instanceof Y.ContentAny ? content.arr.join('') : '';
}

/** Every saved text is there once, unless somebody deleted it; nothing of a deleted document is back. */
function checkMarkers(world: World, documentId: DocumentId, text: string): void {
  const seen = new Set<string>();
  for (const marker of readMarkers(text)) {
    if (seen.has(marker)) world.find(`${marker} stands twice in document ${documentId}`);
    seen.add(marker);
    const home = world.saved.get(marker) ?? documentId;
    if (home !== documentId) world.find(`${marker} of deleted document ${home} is back in document ${documentId}`);
  }
  for (const [marker, home] of world.saved) {
    if (home === documentId && !world.doomed.has(marker) && !seen.has(marker))
      world.find(`${marker} was saved in document ${documentId} and is gone`);
  }
}

/** Nobody is left in the room of a document that is no longer there. */
function checkSessions(world: World, node: SimulatedNode): void {
  for (const session of node.sessions()) {
    const { documentId } = session.room;
    if (world.store.tables.documents.get(documentId)?.live !== true)
      world.find(`${session.user} is in the room of deleted document ${documentId} on ${node.incarnation}`);
  }
}
