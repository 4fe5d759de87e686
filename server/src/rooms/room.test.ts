import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { ScriptoriumError } from '../core/errors.ts';
import { decodeLogRow, encodeLogRow } from '../core/log-row.ts';
import { createRoomFixture, createTestSession } from '../../test/support/room-fixture.ts';
import { receiveUpdate } from './receive-update.ts';

function typing(text: string, client = 7): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.getText('t').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

function textOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc.getText('t').toJSON();
}

function fixtureWithRoom(options: Parameters<typeof createRoomFixture>[0] = {}) {
  const fixture = createRoomFixture(options);
  const room = fixture.openRoom(1);
  const ada = createTestSession('ada');
  const ben = createTestSession('ben');
  const reader = createTestSession('eve', false);
  for (const session of [ada, ben, reader]) room.attach(session);
  return { ...fixture, room, ada, ben, reader };
}

describe('room', () => {
  it('[ROOM4] an update reaches other writers before it is stored, readers only after', async () => {
    const { room, ada, ben, reader, clock, flush, log } = fixtureWithRoom();
    log.onAppend = () => 'down';
    expect(receiveUpdate(room, ada, { bytes: typing('hi'), via: 'update' })).toEqual({ kind: 'accepted', after: 1 });
    clock.runSoon();
    await clock.settle();
    expect(textOf(ben.received.map(({ bytes }) => bytes))).toBe('hi');
    expect(reader.received).toEqual([]);
    expect(ada.durable).toEqual([]);
    log.onAppend = () => 'store';
    clock.advance(3_000);
    await flush();
    expect(textOf(reader.received.map(({ bytes }) => bytes))).toBe('hi');
    expect(ada.durable.at(-1)).toBe(1);
  });

  it('[ROOM5] the only sender of a batch hears no echo of it', async () => {
    const { room, ada, ben, flush } = fixtureWithRoom();
    receiveUpdate(room, ada, { bytes: typing('solo'), via: 'update' });
    await flush();
    expect(ada.received).toEqual([]);
    expect(ben.received).toHaveLength(1);
  });

  it('[LOG3] a row holds the updates of one flush in order, by actor, as they were sent', async () => {
    const { room, ada, ben, flush, log } = fixtureWithRoom();
    const [first, second, third] = [typing('a', 1), typing('b', 2), typing('c', 3)];
    receiveUpdate(room, ada, { bytes: first, via: 'update' });
    receiveUpdate(room, ada, { bytes: second, via: 'update' });
    receiveUpdate(room, ben, { bytes: third, via: 'update' });
    await flush();
    const rows = log.rowsOf(1);
    expect(rows).toHaveLength(1);
    const segments = decodeLogRow(rows[0]?.payload ?? new Uint8Array());
    expect(segments.map(({ actor, updates }) => [actor, updates.length])).toEqual([
      ['ada', 2],
      ['ben', 1],
    ]);
    expect(segments.flatMap(({ updates }) => updates)).toEqual([first, second, third]);
  });

  it('[LOG4] a SyncStep2 is logged as what it brought, and not at all when that is nothing', async () => {
    const { room, ada, ben, flush, log } = fixtureWithRoom();
    const update = typing('known');
    receiveUpdate(room, ada, { bytes: update, via: 'update' });
    await flush();
    expect(receiveUpdate(room, ben, { bytes: update, via: 'step2' })).toEqual({ kind: 'accepted', after: 1 });
    await flush();
    expect(log.rowsOf(1)).toHaveLength(1);
  });

  it('[ACK5] an update that brings nothing waits for what it repeats', () => {
    const { room, ada, ben } = fixtureWithRoom();
    const update = typing('once');
    receiveUpdate(room, ada, { bytes: update, via: 'update' });
    expect(receiveUpdate(room, ben, { bytes: update, via: 'update' })).toEqual({ kind: 'accepted', after: 1 });
    expect(room.durable).toBe(0);
  });

  it('[ROOM6] a full buffer refuses an update before it is applied', () => {
    const { room, ada } = fixtureWithRoom({ maxPendingBytes: 30 });
    expect(receiveUpdate(room, ada, { bytes: typing('x', 8), via: 'update' }).kind).toBe('accepted');
    expect(receiveUpdate(room, ada, { bytes: typing('far too long for it'), via: 'update' })).toEqual({
      kind: 'overloaded',
    });
    expect(room.state.clock(7)).toBe(0);
  });

  it('[ROOM22] many tiny updates fill the buffer as few large ones do, and committed they leave it empty', async () => {
    const { room, ada, flush, log, writer } = fixtureWithRoom({ maxPendingBytes: 10_000 });
    log.onAppend = () => 'down';
    const type = (client: number) => receiveUpdate(room, ada, { bytes: typing('x', client), via: 'update' }).kind;
    let taken = 0;
    while (type(taken + 1) === 'accepted') taken += 1;
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(60);
    log.onAppend = () => 'store';
    for (let round = 0; round < 5; round += 1) await flush();
    expect(room.settled).toBe(true);
    expect(writer.reserve(10_000)).toBe(true);
  });

  it.each(['fenced', 'deleted', 'refused'] as const)(
    '[ROOM7] a room whose append is %s drops itself and sends everybody away',
    async (how) => {
      const { room, ada, ben, flush, log, discarded } = fixtureWithRoom();
      if (how === 'fenced') log.fence(1);
      if (how === 'deleted') log.remove(1);
      if (how === 'refused') log.onAppend = () => new ScriptoriumError('bad-request');
      receiveUpdate(room, ada, { bytes: typing('doomed'), via: 'update' });
      await flush();
      expect(room.discarded).toBe(true);
      expect(discarded).toEqual([room]);
      expect(ada.durable).toEqual([]);
      expect(ben.ended).toEqual([how === 'deleted' ? 'document-deleted' : 'room-discarded']);
    },
  );

  it('[ROOM8] a document that the store refuses does not hold up the others of its batch', async () => {
    const { room, ada, flush, log, openRoom } = fixtureWithRoom();
    const other = openRoom(2);
    const ben = createTestSession('ben');
    other.attach(ben);
    log.onAppend = (batch) =>
      batch.entries.some((entry) => entry.documentId === 1) ? new ScriptoriumError('bad-request') : 'store';
    receiveUpdate(room, ada, { bytes: typing('bad'), via: 'update' });
    receiveUpdate(other, ben, { bytes: typing('good'), via: 'update' });
    await flush();
    expect(room.discarded).toBe(true);
    expect(other.discarded).toBe(false);
    expect(other.durable).toBe(1);
  });

  it('[LOG5] an append whose outcome was lost is tried again under its number and stored once', async () => {
    const { room, ada, flush, log, clock } = fixtureWithRoom();
    let tries = 0;
    log.onAppend = () => (++tries === 1 ? 'lost' : 'store');
    receiveUpdate(room, ada, { bytes: typing('once'), via: 'update' });
    await flush();
    clock.advance(1_000);
    await flush();
    expect(log.rowsOf(1)).toHaveLength(1);
    expect(log.batches.map(({ flush: number, retry }) => [number, retry])).toEqual([
      [1, false],
      [1, true],
    ]);
    expect(room.durable).toBe(1);
  });

  it('[LOG6] a busy document keeps its updates, in order, for the next flush', async () => {
    const { room, ada, flush, log } = fixtureWithRoom();
    let busy = true;
    log.onAppend = () => (busy ? 'busy' : 'store');
    receiveUpdate(room, ada, { bytes: typing('first', 1), via: 'update' });
    await flush();
    expect(room.durable).toBe(0);
    receiveUpdate(room, ada, { bytes: typing('second', 2), via: 'update' });
    busy = false;
    await flush();
    await flush();
    expect(room.durable).toBe(2);
    const updates = log.rowsOf(1).flatMap((row) => decodeLogRow(row.payload).flatMap((segment) => segment.updates));
    expect(updates).toEqual([typing('first', 1), typing('second', 2)]);
  });

  it('[SIM21] a row that is ahead of those of other nodes joins the committed state behind them', async () => {
    const { room, ada, reader, flush, log } = fixtureWithRoom();
    const theirs = [{ actor: 'lin', updates: [typing('theirs ', 9)] }];
    const entry = { documentId: 1, epoch: 1, payload: encodeLogRow(theirs), bindings: [] };
    await log.append({ incarnation: 'another', flush: 1, at: 0, retry: false, entries: [entry] });
    receiveUpdate(room, ada, { bytes: typing('ours'), via: 'update' });
    await flush();
    expect(ada.durable.at(-1)).toBe(1);
    expect([room.level, room.position.seq, textOf([room.committed.merged()])]).toEqual([false, 0, '']);
    expect(reader.received).toEqual([]);
    const rows = await log.readRows(1, 0, 10);
    room.applyRow(1, theirs);
    expect([room.level, textOf([room.committed.merged()])]).toEqual([false, 'theirs ']);
    room.applyRow(2, decodeLogRow(rows[1]?.payload ?? new Uint8Array()));
    expect([room.level, room.position.seq]).toEqual([true, 2]);
    expect(textOf([room.committed.merged()])).toContain('ours');
  });
});
