import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { ScriptoriumError } from '../../src/core/errors.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { startGatewayNode } from './gateway-node.ts';
import { signToken } from './test-node.ts';

const PENDING_BYTES = 300_000;
const WAIT = { timeout: 20_000, interval: 20 };

let directory: TemporaryDirectory;
let node: Awaited<ReturnType<typeof startGatewayNode>>;
let down = false;
let token: string;
const clients: { destroy(): void }[] = [];

beforeEach(async () => {
  directory = createTemporaryDirectory('outage');
  down = false;
  token = await signToken({ sub: 'ada' });
  node = await startGatewayNode(directory.path, {
    maxPendingBytes: PENDING_BYTES,
    log: (log) => ({
      ...log,
      append: (batch) => (down ? Promise.reject(new ScriptoriumError('storage-unavailable')) : log.append(batch)),
    }),
  });
});

afterEach(async () => {
  down = false;
  for (const client of clients.splice(0)) client.destroy();
  await node.close();
  directory.remove();
});

/** An unmodified provider on a socket of its own, and how its socket ended, each time. */
async function open(name: string) {
  const document = new Y.Doc();
  const socket = new HocuspocusProviderWebsocket({ url: node.url, delay: 100, minDelay: 100, maxDelay: 500 });
  const ends: number[] = [];
  socket.on('disconnect', ({ event }: { event: { code: number } }) => ends.push(event.code));
  const provider = new HocuspocusProvider({ websocketProvider: socket, name, document, token: () => token });
  provider.attach();
  clients.push({
    destroy: () => {
      provider.destroy();
      socket.destroy();
    },
  });
  await vi.waitFor(() => expect(provider.unsyncedChanges).toBe(0), WAIT);
  return { document, provider, ends, text: document.getText('t') };
}

/** Everything that waits for the store, as the limit counts it at least. */
function pendingBytes(): number {
  const updates = node.rooms.all().flatMap((room) => room.uncommitted());
  return updates.reduce((sum, update) => sum + update.byteLength + 200, 0);
}

/** Types one character at a time until `until` says so; each is an update of its own. */
async function typeUntil(text: Y.Text, until: () => boolean): Promise<void> {
  while (!until()) {
    for (let count = 0; count < 50; count += 1) text.insert(text.length, 'x');
    expect(pendingBytes()).toBeLessThanOrEqual(PENDING_BYTES);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a store that is down for long', () => {
  it(
    '[SOCK63] what waits is bounded, nothing is confirmed, writers are sent away to come back, and nothing is lost',
    { timeout: 120_000 },
    async () => {
      const [writer, reader, neighbour] = [await open('typed-in'), await open('quiet'), await open('quiet')];
      writer.text.insert(0, 'before. ');
      await vi.waitFor(() => expect(writer.provider.unsyncedChanges).toBe(0), WAIT);

      down = true;
      await typeUntil(writer.text, () => writer.ends.length > 0);
      expect(writer.ends[0]).toBe(CLOSE_CODES.unavailable);
      // It comes back by itself, again and again, while its owner goes on typing; none of it is called saved.
      await typeUntil(writer.text, () => writer.ends.length > 3);
      expect(writer.provider.unsyncedChanges).toBeGreaterThan(0);

      // Who sends no updates keeps its connection, and what needs no store goes on.
      neighbour.provider.setAwarenessField('user', { name: 'Ben', color: '#346ecd' });
      const seen = (): unknown[] => [...(reader.provider.awareness?.getStates().values() ?? [])];
      await vi.waitFor(
        () => expect(seen()).toContainEqual({ user: { id: 'ada', name: 'ada', color: '#346ecd' } }),
        WAIT,
      );
      expect([...reader.ends, ...neighbour.ends]).toEqual([]);

      down = false;
      await vi.waitFor(() => expect(writer.provider.unsyncedChanges).toBe(0), WAIT);
      const room = node.rooms.all().find((it) => it.state.clock(writer.document.clientID) > 0);
      await room?.whenDurable();
      const stored = new Y.Doc();
      Y.applyUpdate(stored, room?.committed.merged() ?? new Uint8Array([0, 0]));
      expect(stored.getText('t').toJSON()).toBe(writer.text.toJSON());
      expect(pendingBytes()).toBe(0);
    },
  );
});
