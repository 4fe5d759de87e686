import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import * as Y from 'yjs';
import type { RedisFanOutDeps } from '../../src/adapters/redis/redis-fan-out.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { FanOut } from '../../src/ports/fan-out.ts';
import type { CounterName } from '../../src/ports/telemetry.ts';
import type { UpdateLog } from '../../src/ports/update-log.ts';
import { createHeadWatch } from '../../src/rooms/head-watch.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createRoomRegistry, type RoomRegistry } from '../../src/rooms/room-registry.ts';
import type { Room } from '../../src/rooms/room.ts';
import { createUpdateWriter } from '../../src/rooms/update-writer.ts';
import { openTestFanOut, waitForHealth } from '../services/redis-fan-outs.ts';
import { type RedisServer, startRedis } from '../services/redis-server.ts';
import { createTestSession, type TestSession } from '../support/room-fixture.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { type DocumentNode, openDocumentNode } from './document-node.ts';

const NOBODY = new Map<number, number>();

/** The live half of a node: rooms over a log that it shares with others, and a Redis between them. */
export interface RedisNode {
  readonly name: string;
  readonly rooms: RoomRegistry;
  readonly fanOut: FanOut;
  readonly counters: ReturnType<typeof createSilentTelemetry>['counters'];
  open(documentId: number): Promise<Room>;
  /** Somebody types a word here; resolves when it is committed. */
  type(documentId: number, word: string): Promise<void>;
  /** A person joins the document here. */
  join(documentId: number, user: string): Promise<TestSession>;
  drain(): Promise<void>;
}

/** How the nodes of a test are reached and watched. */
export interface RedisNodeOptions {
  readonly url: string;
  readonly prefix: string;
  readonly name: string;
  /** Without it, nothing but relays brings a room level. */
  readonly headWatch?: boolean;
  /** Stands between the node and the log that all share. */
  readonly log?: UpdateLog;
  /** Stands between the rooms and the fan-out. */
  readonly wrap?: (fanOut: FanOut) => FanOut;
  readonly more?: Partial<RedisFanOutDeps>;
}

export function openRedisNode(stores: DocumentNode, options: RedisNodeOptions): RedisNode {
  const { name } = options;
  const clock = createSystemClock();
  const telemetry = createSilentTelemetry();
  const log = options.log ?? stores.log;
  const redis = openTestFanOut(
    { url: options.url, prefix: options.prefix, node: name },
    { telemetry, ...options.more },
  );
  const fanOut = options.wrap?.(redis) ?? redis;
  const writer = createUpdateWriter({ log, clock, telemetry, incarnation: name, maxPendingBytes: 1e7 });
  const awarenessLimits = { statesPerSession: 8, stateBytes: 4096, perSecond: 40 };
  const onTail = () => undefined;
  const deps = {
    ...stores,
    log,
    fanOut,
    writer,
    clock,
    telemetry,
    node: name,
    awarenessLimits,
    documentBytes: Infinity,
    onTail,
  };
  const rooms = createRoomRegistry(deps);
  const watch = options.headWatch === false ? null : createHeadWatch({ ...deps, rooms });
  const open = (documentId: number) => rooms.open(documentId, NOBODY);
  return {
    name,
    rooms,
    fanOut: redis,
    counters: telemetry.counters,
    open,
    async type(documentId, word) {
      const room = await open(documentId);
      const session = createTestSession(`typist-${name}`);
      room.attach(session);
      const doc = new Y.Doc();
      doc.getText('t').insert(0, `${word} `);
      receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc), via: 'update' });
      await room.whenDurable();
      room.detach(session);
      rooms.release(room);
    },
    async join(documentId, user) {
      const room = await open(documentId);
      const session = createTestSession(user);
      room.attach(session);
      return session;
    },
    async drain() {
      await watch?.drain(1_000);
      await rooms.drain(1_000);
      await writer.drain(1_000);
      await redis.drain(1_000);
    },
  };
}

/** The words in a room, in order of the alphabet. */
export function wordsIn(room: Room): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.state.encode());
  return doc.getText('t').toJSON().trim().split(' ').toSorted().join(' ');
}

/** Waits until all rooms hold these words. */
export async function waitForWords(rooms: readonly Room[], words: string): Promise<void> {
  const expected = words.split(' ').toSorted().join(' ');
  await vi.waitFor(
    () => {
      const found = rooms.map(wordsIn);
      if (found.some((it) => it !== expected))
        throw new Error(`expected "${expected}", found ${JSON.stringify(found)}`);
    },
    { timeout: 20_000, interval: 5 },
  );
}

/** One document on some nodes that share a log in a directory of their own, and a Redis of their own. */
export interface RedisWorld {
  readonly stores: DocumentNode;
  readonly redis: RedisServer;
  /** Those that are drained at the end. */
  readonly nodes: RedisNode[];
  open(name: string, options?: Partial<RedisNodeOptions>): RedisNode;
  /** Opens nodes, and one new document on each of them. */
  openAll(
    names: readonly string[],
    options?: Partial<RedisNodeOptions>,
  ): Promise<{ readonly id: number; readonly rooms: readonly Room[]; readonly a: RedisNode; readonly b: RedisNode }>;
  /** Waits until all nodes hear each other, or until none does. */
  waitForHealth(healthy?: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function openRedisWorld(): Promise<RedisWorld> {
  const directory = createTemporaryDirectory('redis-nodes');
  const [stores, redis] = await Promise.all([openDocumentNode(directory.path), startRedis()]);
  const nodes: RedisNode[] = [];
  const open = (name: string, options: Partial<RedisNodeOptions> = {}): RedisNode => {
    const node = openRedisNode(stores, { url: redis.url, prefix: 't', name, ...options });
    nodes.push(node);
    return node;
  };
  return {
    stores,
    redis,
    nodes,
    open,
    async openAll(names, options) {
      const [a, b] = names.map((name) => open(name, options));
      if (a === undefined || b === undefined) throw new Error('at least two nodes');
      const { id } = await stores.create(`document-${randomUUID()}`);
      return { id, a, b, rooms: await Promise.all(nodes.map((node) => node.open(id))) };
    },
    waitForHealth: (healthy) =>
      waitForHealth(
        nodes.map(({ fanOut }) => fanOut),
        healthy,
      ),
    async close() {
      await Promise.all(nodes.map((node) => node.drain()));
      await Promise.all([redis.dispose(), stores.close()]);
      directory.remove();
    },
  };
}

/** One of a node's counters. */
export function countOf(node: RedisNode, name: CounterName): number {
  return node.counters.get(name) ?? 0;
}
