import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { ScriptoriumError } from '../../src/core/errors.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';

const NOBODY = new Map<number, number>();
const DONE = { kind: 'done', result: null } as const;

let directory: TemporaryDirectory;
let node: DocumentNode;
let down = false;

beforeEach(async () => {
  down = false;
  directory = createTemporaryDirectory('retirement');
  node = await openDocumentNode(directory.path, {
    log: (log) => ({
      ...log,
      append: (batch) => (down ? Promise.reject(new ScriptoriumError('storage-unavailable')) : log.append(batch)),
    }),
  });
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

async function openWithSession(name: string) {
  const record = await node.create(name);
  const room = await node.rooms.open(record.id, NOBODY);
  const session = createTestSession('ada');
  room.attach(session);
  let client = 0;
  const type = () => {
    const doc = new Y.Doc();
    doc.clientID = client += 1;
    doc.getText('t').insert(0, 'x');
    return receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc), via: 'update' }).kind;
  };
  return { record, room, session, type };
}

describe('changes of identity', () => {
  it('[ROOM23] of one document go one after the other, so that none thaws what another froze', async () => {
    const { record, type, session } = await openWithSession('a');
    const first = Promise.withResolvers<void>();
    const order: string[] = [];
    const renaming = node.documents.retire(record, 'renamed', async () => {
      order.push('renaming');
      await first.promise;
      order.push('renamed');
      return DONE;
    });
    const failing = node.documents.retire(record, 'deleted', () => {
      order.push('deleting');
      return Promise.reject(new Error('gone already'));
    });
    const outcome = failing.catch((error: unknown) => String(error));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(order).toEqual(['renaming']);
    expect(type()).toBe('overloaded');
    first.resolve();
    await renaming;
    expect(session.ended).toEqual(['room-discarded']);
    expect(await outcome).toBe('Error: gone already');
    expect(order).toEqual(['renaming', 'renamed', 'deleting']);
  });

  it('[ROOM23] one that fails leaves the next its turn, and the document as it was', async () => {
    const { record, type, session } = await openWithSession('a');
    const tries = ['one', 'two'].map((name) =>
      node.documents.retire(record, 'renamed', () => Promise.reject(new Error(name))),
    );
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.map((it) => (it.status === 'rejected' ? String(it.reason) : it.status))).toEqual([
      'Error: one',
      'Error: two',
    ]);
    expect(type()).toBe('accepted');
    expect(session.ended).toEqual([]);
  });

  it('[ROOM24] neither they nor reads wait for a store that is down, and the document goes on', async () => {
    const { record, room, type } = await openWithSession('a');
    down = true;
    expect(type()).toBe('accepted');
    const waiting = [
      node.documents.read(record),
      node.documents.retire(record, 'deleted', () => Promise.resolve(DONE)),
      node.documents.retire(record, 'renamed', () => Promise.resolve(DONE)),
    ];
    const outcomes = await Promise.allSettled(waiting);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'storage-unavailable' } });
    }
    expect(type()).toBe('accepted');
    down = false;
    await room.whenDurable();
    expect((await node.documents.read(record)).seq).toBeGreaterThan(0);
  });
});
