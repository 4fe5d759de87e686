import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createRoomFixture, createTestSession } from '../../test/support/room-fixture.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { ScriptoriumError } from '../core/errors.ts';
import { createDocumentCircuits } from './document-circuits.ts';
import { receiveUpdate } from './receive-update.ts';

function typing(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, 'text');
  return Y.encodeStateAsUpdate(doc);
}

describe('what fails in one document', () => {
  it('[ROOM107] again and again leaves it alone for a while, and no other; foreseen outcomes do not count', () => {
    const clock = createFakeClock();
    const circuits = createDocumentCircuits({ clock, telemetry: createSilentTelemetry() });
    for (let count = 0; count < 9; count += 1) circuits.note(1, new ScriptoriumError('storage-unavailable'));
    circuits.check(1);
    for (let count = 0; count < 3; count += 1) circuits.note(1, new Error('unforeseen'));
    expect(() => circuits.check(1)).toThrow('document-failing');
    circuits.check(2);
    clock.advance(30_000);
    circuits.check(1);
  });

  it('[ROOM106] in a merge ends its room as retryable, and acknowledges nothing', () => {
    const { openRoom, discarded, clock } = createRoomFixture();
    const room = openRoom(1);
    const session = createTestSession('ada');
    room.attach(session);
    room.state.apply = () => {
      throw new Error('unforeseen');
    };
    const receipt = receiveUpdate(room, session, { bytes: typing(), via: 'update' });
    expect(receipt).toMatchObject({ kind: 'refused', code: 'internal' });
    expect(discarded).toEqual([room]);
    expect(session.ended).toEqual(['room-discarded']);
    clock.advance(1_000);
  });

  it('[ROOM110] on its way to the log ends its room, and the others of the flush are stored', async () => {
    const { openRoom, discarded, flush } = createRoomFixture();
    const [broken, settling, sound] = [openRoom(1), openRoom(2), openRoom(3)];
    const writers = [broken, settling, sound].map((room) => {
      const session = createTestSession('ada');
      room.attach(session);
      receiveUpdate(room, session, { bytes: typing(), via: 'update' });
      return session;
    });
    broken.takePending = () => {
      throw new Error('unforeseen');
    };
    for (const session of writers.slice(1, 2)) {
      session.onDurable = () => {
        throw new Error('unforeseen');
      };
    }
    await flush();
    expect(discarded).toEqual([broken, settling]);
    expect(writers.map(({ ended }) => ended)).toEqual([['room-discarded'], ['room-discarded'], []]);
    expect(sound.settled).toBe(true);
  });

  it('[ROOM106] in a timer of its own ends its room, and not the process', () => {
    const { openRoom, discarded, clock } = createRoomFixture();
    const [room, other] = [openRoom(1), openRoom(2)];
    const session = createTestSession('ada');
    session.send = () => {
      throw new Error('unforeseen');
    };
    for (const it of [room, other]) it.attach(createTestSession('ben'));
    room.attach(session);
    const state = Uint8Array.from([1, 7, 1, 2, 123, 125]);
    room.awareness.receive(createTestSession('eve'), state);
    clock.advance(1_000);
    expect(discarded).toEqual([room]);
    expect(other.discarded).toBe(false);
  });
});
