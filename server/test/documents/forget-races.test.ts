import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createInProcessExchange, createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import type { AppendBatch, UpdateLog } from '../../src/ports/update-log.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createRoomRegistry } from '../../src/rooms/room-registry.ts';
import { createUpdateWriter } from '../../src/rooms/update-writer.ts';
import { createArchiver } from '../../src/workers/archiver.ts';
import { createForgetInDocument, type ForgetDeps } from '../../src/workers/forget-in-document.ts';
import { missing } from '../services/shared-services.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { findDangling } from '../support/stored-objects.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  ADA,
  BOB,
  ORDER,
  openClusterWorld,
  openEmbeddedWorld,
  type PersonWorld,
  PSEUDONYM,
  shareDocument,
  type SharedDocument,
} from './person-world.ts';

describe('on SQLite and files', () => {
  describeRaces(() => openEmbeddedWorld({ inlineSegmentBytes: 0 }));
});

describe.skipIf(missing.postgres || missing.objectStore)('on PostgreSQL and a bucket', () => {
  describeRaces(() => openClusterWorld({ inlineSegmentBytes: 0 }));
});

/** A door in front of something: what comes to it waits there, and says so. */
function createDoor() {
  const arrived = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    arrived: arrived.promise,
    open: () => {
      opened.resolve();
    },
    pass: async () => {
      arrived.resolve();
      await opened.promise;
    },
  };
}

function describeRaces(open: () => Promise<PersonWorld>): void {
  let world: PersonWorld;
  beforeAll(async () => void (world = await open()));
  afterAll(() => world.close());
  const forget = (shared: SharedDocument, deps: Partial<ForgetDeps> = {}) =>
    createForgetInDocument({ ...world.deps, inlineSegmentBytes: 0, ...deps })({ ...ORDER, document: shared.record });
  const archiverWith = (more: Partial<Parameters<typeof createArchiver>[0]>) =>
    createArchiver({ ...world.node, inlineSegmentBytes: 0, ...more });

  async function newFolded(): Promise<SharedDocument> {
    const shared = await shareDocument(world.node);
    for (const user of [ADA, BOB, ADA]) await shared.write(user, 'word ');
    await world.node.compactor.compact(shared.record.id);
    return shared;
  }

  test('[HOOK244] an archiver that had read the rows before they were rewritten publishes nothing', async () => {
    const { node } = world;
    const shared = await newFolded();
    const door = createDoor();
    const put = async (key: string, bytes: Uint8Array) => {
      await door.pass();
      await node.snapshots.put(key, bytes);
    };
    const archiving = archiverWith({ snapshots: { ...bind(node.snapshots), put } }).archive(shared.record.id, true);
    await door.arrived;
    await forget(shared);
    door.open();
    expect(await archiving).toBe(0);
    expect(await world.find(ADA)).toEqual([]);
    expect(await node.archiver.archive(shared.record.id, true)).toBe(3);
    expect([await world.find(ADA), await findDangling(node, shared.record.id)]).toEqual([[], []]);
  });

  test('[HOOK245] the object that such an archiver has written goes, and cannot be published', async () => {
    const { node } = world;
    const shared = await newFolded();
    const door = createDoor();
    const publish = async (...change: Parameters<typeof node.history.publish>) => {
      await door.pass();
      return node.history.publish(...change);
    };
    const archiving = archiverWith({ history: { ...node.history, publish } }).archive(shared.record.id, true);
    await door.arrived;
    expect((await world.find(ADA)).some((it) => it.includes('segment-'))).toBe(true);
    await forget(shared);
    expect(await world.find(ADA)).toEqual([]);
    door.open();
    expect([await archiving, await world.find(ADA)]).toEqual([0, []]);
  });

  test('[HOOK244] an archiver that was faster than the seal is gone after', async () => {
    const shared = await newFolded();
    let published = 0;
    const replace: ForgetDeps['authorship']['replace'] = async (documentId, change) => {
      // As late as it can be: the pass has looked through all segments.
      if (change.seal !== null) published += await world.node.archiver.archive(documentId, true);
      return world.deps.authorship.replace(documentId, change);
    };
    await forget(shared, { authorship: { ...world.deps.authorship, replace } });
    expect([published, await world.find(ADA)]).toEqual([3, []]);
    expect(await findDangling(world.node, shared.record.id)).toEqual([]);
  });

  test('[HOOK244] while others write, fold, archive and drop, all of it goes and nothing is lost', async () => {
    const { node } = world;
    const shared = await newFolded();
    for (let index = 0; index < 20; index += 1) await shared.write(index % 2 === 0 ? ADA : BOB, `${index} `);
    let isDone = false;
    const upkeep = (async () => {
      while (!isDone) await shared.archive();
    })();
    const writing = (async () => {
      for (let index = 0; index < 30; index += 1) await shared.write(BOB, `late ${index} `);
    })();
    await Promise.all([forget(shared), forget(shared), writing]);
    isDone = true;
    await upkeep;
    await forget(shared);
    expect([await world.find(ADA), await findDangling(node, shared.record.id)]).toEqual([[], []]);
    const [head] = await node.log.readHeads([shared.record.id]);
    const { state } = await node.documents.read({ ...shared.record, ...head });
    const document = new Y.Doc();
    Y.applyUpdate(document, state);
    expect(document.getText('text').toJSON()).toBe(shared.text);
  });

  test('[HOOK244] a flush that comes late from an open room is fenced, here and on other nodes', async () => {
    const { node } = world;
    const shared = await newFolded();
    const exchange = createInProcessExchange();
    const here = openNode(world, { name: 'here', exchange });
    const elsewhere = openNode(world, { name: 'elsewhere', exchange });
    const rooms = await Promise.all([here, elsewhere].map((it) => it.rooms.open(shared.record.id, new Map())));
    for (const room of rooms) type(room, ADA);
    await Promise.all([here.door.arrived, elsewhere.door.arrived]);
    const told: number[] = [];
    const forgotten = await forget(shared, {
      rooms: here.rooms,
      fanOut: here.fanOut,
      node: 'here',
      onForgotten: (documentId) => told.push(documentId),
    });
    expect(forgotten).toMatchObject({ rows: 2, bindings: 1 });
    expect(told).toEqual([shared.record.id]);
    await waitUntil('both rooms are gone', async () => rooms.every(({ discarded }) => discarded));
    for (const { door } of [here, elsewhere]) door.open();
    await waitUntil('both flushes were answered', async () => [here, elsewhere].every((it) => it.results.length > 0));
    expect([...here.results, ...elsewhere.results]).toEqual([{ kind: 'fenced' }, { kind: 'fenced' }]);
    expect(await world.find(ADA)).toEqual([]);
    const again = await here.rooms.open(shared.record.id, new Map());
    expect([again.ownerOf(7), again.ownerOf(8), again.position]).toEqual([PSEUDONYM, BOB, { epoch: 2, seq: 3 }]);
    expect(node.rooms.get(shared.record.id)).toBeNull();
  });
}

function bind(store: PersonWorld['node']['snapshots']): PersonWorld['node']['snapshots'] {
  return {
    put: (key, bytes) => store.put(key, bytes),
    get: (key) => store.get(key),
    remove: (key) => store.remove(key),
  };
}

type Room = Awaited<ReturnType<PersonWorld['node']['rooms']['open']>>;

/** Somebody types, and nothing is committed yet. */
function type(room: Room, user: string): void {
  const session = createTestSession(user);
  room.attach(session);
  const document = new Y.Doc();
  document.clientID = 1_000 + Math.floor(Math.random() * 1e6);
  document.getText('late').insert(0, 'late');
  const receipt = receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(document), via: 'update' });
  expect(receipt.kind).toBe('accepted');
}

/** The rooms of one node of several, whose flushes wait at a door. */
function openNode(
  { node }: PersonWorld,
  options: { readonly name: string; readonly exchange: ReturnType<typeof createInProcessExchange> },
) {
  const door = createDoor();
  const results: unknown[] = [];
  const log: UpdateLog = {
    ...node.log,
    readRows: (...range) => node.log.readRows(...range),
    readHeads: (ids) => node.log.readHeads(ids),
    readLoadStart: (id) => node.log.readLoadStart(id),
    readBindings: (id) => node.log.readBindings(id),
    append: async (batch: AppendBatch) => {
      await door.pass();
      const answers = await node.log.append(batch);
      results.push(...answers);
      return answers;
    },
  };
  const { clock, telemetry } = node;
  const fanOut = createInProcessFanOut({ node: options.name, exchange: options.exchange });
  const writer = createUpdateWriter({ log, clock, telemetry, incarnation: options.name, maxPendingBytes: 1e7 });
  const rooms = createRoomRegistry({
    ...node,
    log,
    fanOut,
    writer,
    node: options.name,
    awarenessLimits: { statesPerSession: 8, stateBytes: 4096, perSecond: 40 },
    documentBytes: Infinity,
    onTail: () => undefined,
  });
  return { door, results, fanOut, rooms };
}
