import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { encodeLogRow } from '../../src/core/log-row.ts';
import { syncReply } from '../../src/gateway/sync-reply.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { buildUpdate, text } from '../support/update-builder.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { forget, NOBODY, textOf, textOfState, typeInto } from './document-typing.ts';

let directory: TemporaryDirectory;
let node: DocumentNode;

beforeEach(async () => {
  directory = createTemporaryDirectory('merged-later');
  node = await openDocumentNode(directory.path);
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

/** Each refers to the other, so that neither can be merged first; what they refer to is there, though. */
const circle = buildUpdate([
  { client: 92, structs: [text('b', { origin: [91, 0] })] },
  { client: 91, structs: [text('a', { origin: [92, 0] })] },
]);
const hello = buildUpdate([{ client: 7, structs: [text('hello', { parent: 't' })] }]);

async function createWithWords() {
  const record = await node.create('a');
  await typeInto(node, record, { texts: ['one ', 'two '] });
  forget(node, record);
  return record;
}

async function createInCircles() {
  const record = await createWithWords();
  const payload = encodeLogRow([{ actor: 'eve', updates: [circle] }]);
  const entries = [{ documentId: record.id, epoch: 1, payload, bindings: [] }];
  await node.log.append({ incarnation: 'hand', flush: 1, at: 1, retry: false, entries });
  return record;
}

describe('a document that is merged later', () => {
  it('[ROOM94] is all there for whoever asks, and takes the first edit', async () => {
    const record = await createWithWords();
    const room = await node.rooms.open(record.id, NOBODY);
    const before = room.state.stateVector();
    expect(textOfState(room.committed.merged())).toBe('one two ');
    room.state.mergeNow();
    expect(room.state.stateVector()).toEqual(before);
    expect(receiveUpdate(room, createTestSession('ada'), { bytes: hello, via: 'update' }).kind).toBe('accepted');
    await room.whenDurable();
    expect(textOfState(room.state.encode())).toContain('hello');
    expect(textOfState(room.committed.merged())).toContain('hello');
  });

  it('[ROOM94] is sent, and asked about, before anything of it is merged', async () => {
    // One that cannot be merged, so that merging would end its room.
    const room = await node.rooms.open((await createInCircles()).id, NOBODY);
    const sent = syncReply(room, Uint8Array.of(0), true).flatMap((part) => Y.decodeUpdate(part).structs);
    expect(sent.map(({ id }) => id.client)).toEqual(expect.arrayContaining([1, 91, 92]));
    expect(Y.decodeStateVector(room.state.stateVector()).get(92)).toBe(1);
    expect(room.discarded).toBe(false);
    room.state.mergeNow();
    expect(room.discarded).toBe(true);
  });

  it('[ROOM95] sends its people away when it cannot be merged, and shows what of it can be shown', async () => {
    const record = await createInCircles();
    const room = await node.rooms.open(record.id, NOBODY);
    expect(room.quarantine).toBeNull();
    const ada = createTestSession('ada');
    room.attach(ada);
    expect(receiveUpdate(room, ada, { bytes: hello, via: 'update' }).kind).toBe('refused');
    expect([room.discarded, ada.ended]).toEqual([true, ['room-discarded']]);
    const again = await node.rooms.open(record.id, NOBODY);
    expect(again.quarantine?.damage).toEqual([{ fromSeq: 3, toSeq: 3, damage: 'unmergeable' }]);
    expect(await textOf(node, record)).toBe('one two ');
  });

  it('[ROOM95] is found out soon, though nobody edits it', async () => {
    const record = await createInCircles();
    const room = await node.rooms.open(record.id, NOBODY);
    await expect.poll(() => room.discarded).toBe(true);
    expect((await node.rooms.open(record.id, NOBODY)).quarantine).not.toBeNull();
  });
});
