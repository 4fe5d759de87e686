import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import type { FanOut } from '../../src/ports/fan-out.ts';
import { compareHead } from '../../src/rooms/catch-up.ts';
import { createHeadWatch } from '../../src/rooms/head-watch.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createRoomRegistry, type RoomRegistry } from '../../src/rooms/room-registry.ts';
import { createUpdateWriter } from '../../src/rooms/update-writer.ts';
import { BY } from '../contracts/store-under-test.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';

const NOBODY = new Map<number, number>();

let directory: TemporaryDirectory;
let stores: DocumentNode;

beforeEach(async () => {
  directory = createTemporaryDirectory('two-nodes');
  stores = await openDocumentNode(directory.path);
});

afterEach(async () => {
  await stores.close();
  directory.remove();
});

/** Another node's rooms on the same log, with a fan-out of its own: no relay ever arrives. */
function createDeafNode(clock: FakeClock, health: Partial<FanOut> = {}): RoomRegistry {
  const { log, telemetry } = stores;
  const fanOut = { ...createInProcessFanOut({ node: 'deaf' }), ...health };
  const writer = createUpdateWriter({ log, clock, telemetry, incarnation: 'deaf', maxPendingBytes: 1e6 });
  const awarenessLimits = { statesPerSession: 8, stateBytes: 4096, perSecond: 40 };
  const onTail = () => undefined;
  const deps = {
    ...stores,
    fanOut,
    writer,
    clock,
    telemetry,
    node: 'deaf',
    awarenessLimits,
    documentBytes: Infinity,
    onTail,
  };
  const rooms = createRoomRegistry(deps);
  createHeadWatch({ ...deps, rooms });
  return rooms;
}

async function typeElsewhere(documentId: number, text: string): Promise<void> {
  const room = await stores.rooms.open(documentId, NOBODY);
  const session = createTestSession('ada');
  room.attach(session);
  const doc = new Y.Doc();
  doc.getText('t').insert(0, text);
  receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc), via: 'update' });
  await room.whenDurable();
}

/** Lets real I/O and the fake clock's callbacks go on until something holds, for so long at most. */
async function until(clock: FakeClock, holds: () => boolean, milliseconds = 5_000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!holds() && performance.now() < deadline) {
    await clock.settle();
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

describe('rooms of two nodes on one log', () => {
  it('[ROOM81] an open room finds what a lost relay did not tell it within three seconds, and shows it to everybody', async () => {
    const clock = createFakeClock();
    const deaf = createDeafNode(clock);
    const { id } = await stores.create('shared');
    const room = await deaf.open(id, NOBODY);
    const reader = createTestSession('eve', false);
    room.attach(reader);
    await typeElsewhere(id, 'missed');
    clock.advance(2_999);
    await until(clock, () => room.position.seq > 0, 100);
    expect(room.position.seq).toBe(0);
    clock.advance(1);
    await until(clock, () => room.position.seq > 0);
    expect(room.position.seq).toBe(1);
    expect(reader.received).toHaveLength(1);
  });

  it('[ROOM42] when the fan-out goes away or comes back, every room is compared at once', async () => {
    const clock = createFakeClock();
    const handlers = new Set<(healthy: boolean) => void>();
    let healthy = true;
    const deaf = createDeafNode(clock, {
      healthy: () => healthy,
      onHealth: (handler) => {
        handlers.add(handler);
        return () => void handlers.delete(handler);
      },
    });
    const { id } = await stores.create('watched');
    const room = await deaf.open(id, NOBODY);
    for (const seq of [1, 2]) {
      await typeElsewhere(id, `change ${seq}`);
      healthy = !healthy;
      for (const handler of handlers) handler(healthy);
      // No time passes.
      await until(clock, () => room.position.seq === seq);
      expect(room.position.seq).toBe(seq);
    }
  });

  it('[ROOM81] while the fan-out is away, rooms are compared twice a second', async () => {
    const clock = createFakeClock();
    const deaf = createDeafNode(clock, { healthy: () => false });
    const { id } = await stores.create('alone');
    const room = await deaf.open(id, NOBODY);
    for (const seq of [1, 2]) {
      await typeElsewhere(id, `change ${seq}`);
      clock.advance(500);
      await until(clock, () => room.position.seq === seq);
      expect(room.position.seq).toBe(seq);
    }
  });

  it('[ROOM82] a room whose document is another incarnation by now sends its sessions away', async () => {
    const clock = createFakeClock();
    const deaf = createDeafNode(clock);
    const record = await stores.create('renamed');
    const room = await deaf.open(record.id, NOBODY);
    const session = createTestSession('ben');
    room.attach(session);
    const heads = stores.log.readHeads.bind(stores.log);
    stores.log.readHeads = async (ids) => (await heads(ids)).map((head) => ({ ...head, epoch: head.epoch + 1 }));
    clock.advance(5_000);
    await until(clock, () => room.discarded);
    expect(session.ended).toEqual(['room-discarded']);
  });

  it('[SIM25] a room whose document another node has deleted is dropped within three seconds', async () => {
    const clock = createFakeClock();
    const record = await stores.create('deleted');
    const room = await createDeafNode(clock).open(record.id, NOBODY);
    const session = createTestSession('ben');
    room.attach(session);
    const { epoch, head: seq } = record;
    await stores.catalog.remove(record.tenant, record.name, { epoch, seq, stateVector: new Uint8Array([0]) }, BY);
    clock.advance(3_000);
    await until(clock, () => room.discarded);
    expect(session.ended).toEqual(['document-deleted']);
  });

  it('[ROOM80] an empty room stays for five seconds, then closes', async () => {
    const clock = createFakeClock();
    const rooms = createDeafNode(clock);
    const { id } = await stores.create('quiet');
    const room = await rooms.open(id, NOBODY);
    rooms.release(room);
    clock.advance(4_999);
    expect(await rooms.open(id, NOBODY)).toBe(room);
    clock.advance(60_000);
    await until(clock, () => rooms.get(id) === null, 100);
    expect(rooms.get(id)).toBe(room);
    rooms.release(room);
    clock.advance(5_000);
    await until(clock, () => rooms.get(id) === null);
    expect(rooms.get(id)).toBeNull();
  });

  it('[ROOM84] an answer about the head that is older than the room does not end it', async () => {
    const { id } = await stores.create('busy');
    const room = await stores.rooms.open(id, NOBODY);
    const [head] = await stores.log.readHeads([id]);
    const before = room.position;
    await typeElsewhere(id, 'meanwhile');
    if (head === undefined) throw new Error('no head');
    compareHead(stores, room, { head, before });
    expect([room.discarded, room.position.seq]).toEqual([false, 1]);
  });
});
