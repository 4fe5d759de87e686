import { describe, expect, it } from 'vitest';
import { noHistory } from '../../test/support/no-history.ts';
import { createRoomFixture } from '../../test/support/room-fixture.ts';
import { createInProcessFanOut } from '../adapters/in-process/fan-out.ts';
import { createRoomRegistry } from './room-registry.ts';

const NOBODY = new Map<number, number>();

function fixture() {
  const { clock, log, telemetry, writer } = createRoomFixture();
  log.add(1);
  const rooms = createRoomRegistry({
    log,
    telemetry,
    writer,
    clock,
    ...noHistory,
    snapshotIndex: {
      publish: () => Promise.resolve(false),
      list: () => Promise.resolve([]),
      locate: () => Promise.resolve(null),
      retire: () => Promise.resolve(),
    },
    fanOut: createInProcessFanOut({ node: 'test' }),
    node: 'test',
    awarenessLimits: { statesPerSession: 8, stateBytes: 4096, perSecond: 40 },
    documentBytes: Infinity,
    onTail: () => undefined,
  });
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await clock.settle();
  };
  return { clock, rooms, pass };
}

describe('room registry', () => {
  it('[ROOM25] the five seconds of an empty room count from the last that left, not from the first', async () => {
    const { rooms, pass } = fixture();
    const room = await rooms.open(1, NOBODY);
    rooms.release(room);
    await pass(4_000);
    expect(await rooms.open(1, NOBODY)).toBe(room);
    rooms.release(room);
    await pass(4_999);
    expect(rooms.get(1)).toBe(room);
    await pass(1);
    expect(rooms.get(1)).toBeNull();
  });

  it('[ROOM26] when the node goes away, it lets go of every room that the log has all of', async () => {
    const { rooms } = fixture();
    const room = await rooms.open(1, NOBODY);
    await rooms.drain(1_000);
    expect([rooms.get(1), room.discarded]).toEqual([null, true]);
    await expect(rooms.open(1, NOBODY)).rejects.toMatchObject({ code: 'shutting-down' });
  });

  it('[ROOM26] what the log has not yet stays, for as long as anybody may still bring it there', async () => {
    const { rooms } = fixture();
    const room = await rooms.open(1, NOBODY);
    room.bind(7, 'ada');
    await rooms.drain(1_000);
    expect(rooms.get(1)).toBe(room);
  });
});
