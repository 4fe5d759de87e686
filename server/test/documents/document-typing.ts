import * as Y from 'yjs';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createTestSession } from '../support/room-fixture.ts';
import type { DocumentNode } from './document-node.ts';

/** Nothing was deleted under a name. */
export const NOBODY: ReadonlyMap<number, number> = new Map();

/** Opens the document and types each text at its end as an update of its own, one row each. */
export async function typeInto(
  node: DocumentNode,
  record: DocumentRecord,
  typing: { readonly texts: readonly string[]; readonly client?: number },
): Promise<void> {
  const room = await node.rooms.open(record.id, NOBODY);
  const session = createTestSession('ada');
  room.attach(session);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.committed.merged());
  doc.clientID = typing.client ?? 1;
  for (const text of typing.texts) {
    const before = Y.encodeStateVector(doc);
    doc.getText('t').insert(doc.getText('t').length, text);
    const receipt = receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc, before), via: 'update' });
    if (receipt.kind !== 'accepted') throw new Error(`an edit was ${receipt.kind}`);
    await room.whenDurable();
  }
  room.detach(session);
  node.rooms.release(room);
}

/** The text that a state holds. */
export function textOfState(state: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  return doc.getText('t').toJSON();
}

/** The text as REST reads it. */
export async function textOf(node: DocumentNode, record: DocumentRecord): Promise<string> {
  return textOfState((await node.documents.read(record)).state);
}

/** Lets the rooms forget a document, so that the next one to ask loads it from the stores. */
export function forget(node: DocumentNode, record: DocumentRecord): void {
  node.rooms.discard(record.id, 'room-discarded');
}
