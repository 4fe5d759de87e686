import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSessionFixture } from '../../test/support/session-fixture.ts';

/** A document that hands out each of its edits as an update. */
function createWriter(client: number) {
  const doc = new Y.Doc();
  doc.clientID = client;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void updates.push(update));
  return {
    doc,
    type: (text: string): Uint8Array => {
      const target = doc.getText('t');
      target.insert(target.length, text);
      return updates.at(-1) ?? new Uint8Array();
    },
    state: () => Y.encodeStateAsUpdate(doc),
  };
}

const MALFORMED = Uint8Array.of(1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 0);
/** One item in a root called `__proto__`. */
const FORBIDDEN = Uint8Array.from([1, 1, 5, 0, 4, 1, 9, ...new TextEncoder().encode('__proto__'), 1, 65, 0]);

describe('session', () => {
  it('[ACK6] every Update frame gets one answer, in order, when it is durable', async () => {
    const { join, flush } = createSessionFixture();
    const ada = join('ada');
    ada.enter();
    const writer = createWriter(1);
    for (const text of ['a', 'b', 'c']) ada.update(writer.type(text));
    expect(ada.statuses()).toEqual([]);
    await flush();
    expect(ada.statuses()).toEqual([true, true, true]);
  });

  it('[ACK7] after a (re)connect nothing is confirmed before all that the client brings is durable', async () => {
    const { join, flush } = createSessionFixture();
    const ada = join('ada');
    const writer = createWriter(1);
    const offline = ['1', '2', '3', '4', '5', '6', '7', '8'].map((text) => writer.type(text));
    ada.step1();
    for (const update of offline.slice(0, 3)) ada.update(update);
    await flush();
    expect(ada.statuses()).toEqual([]);
    for (const update of offline.slice(3)) ada.update(update);
    ada.step2(writer.state());
    expect(ada.statuses()).toEqual([]);
    await flush();
    expect(ada.statuses()).toEqual(Array.from({ length: 9 }, () => true));
  });

  it('[ACK8] a client that never answers our SyncStep1 gets its answers once its connection is silent', async () => {
    const { join, flush, clock } = createSessionFixture();
    const ada = join('ada');
    ada.step1();
    ada.update(createWriter(1).type('x'));
    await flush();
    clock.advance(4_000);
    expect(ada.statuses()).toEqual([]);
    clock.advance(6_000);
    expect(ada.statuses()).toEqual([true]);
  });

  it('[ACK9] rounds that the server starts are not answered, those of the client are', async () => {
    const { join, flush, clock } = createSessionFixture();
    const [ada, ghost] = [join('ada'), createWriter(9)];
    ada.step1();
    ada.step2();
    await flush();
    expect(ada.statuses()).toEqual([true]);
    const lost = ghost.type('lost');
    const next = ghost.type('next');
    ada.update(next);
    clock.advance(1);
    expect(ada.count('step1')).toBe(2);
    ada.step2(lost);
    await flush();
    expect(ada.statuses()).toEqual([true, true]);
    ada.step1();
    ada.step2();
    expect(ada.statuses()).toEqual([true, true, true]);
  });

  it('[GATE20] an update behind a gap keeps its answer until the gap is filled', async () => {
    const { join, flush, room } = createSessionFixture();
    const ada = join('ada');
    ada.enter();
    const writer = createWriter(1);
    const first = writer.type('first ');
    ada.update(writer.type('second'));
    await flush();
    expect(ada.statuses()).toEqual([]);
    expect(room.state.clientCount).toBe(0);
    ada.update(first);
    await flush();
    expect(ada.statuses()).toEqual([true, true]);
    expect(room.state.clock(1)).toBe(12);
  });

  it('[GATE21] a client is asked again with growing pauses, never in a loop', () => {
    const { join, clock } = createSessionFixture();
    const ada = join('ada');
    const writer = createWriter(1);
    writer.type('lost for good');
    ada.update(writer.type('!'));
    for (let second = 0; second < 120; second += 1) {
      clock.advance(1_000);
      if (ada.session.rounds.length > 0) ada.step2();
    }
    expect(ada.count('step1')).toBeGreaterThan(3);
    expect(ada.count('step1')).toBeLessThan(12);
  });

  it("[GATE22] a client that lacks somebody's update for good still gets its own edits saved", async () => {
    const { join, flush, room } = createSessionFixture();
    const ada = join('ada');
    const [own, ghost] = [createWriter(1), createWriter(9)];
    ghost.type('never arrived');
    Y.applyUpdate(own.doc, ghost.type('!'));
    const edit = own.type('mine');
    ada.step1();
    ada.update(edit);
    ada.step2(own.state());
    await flush();
    expect(ada.statuses()).toEqual([true, true]);
    expect(room.state.clock(1)).toBe(4);
    expect(room.state.hasPending()).toBe(false);
  });

  it('[GATE23] malformed bytes get a refusal at once and end the connection', () => {
    const { join } = createSessionFixture();
    const ada = join('ada');
    expect(ada.update(MALFORMED)).toBe(false);
    expect(ada.statuses()).toEqual([false]);
  });

  it('[GATE24] a forbidden update is refused, the session turns read-only, says so and stays', async () => {
    const { join, flush, room } = createSessionFixture();
    const ada = join('ada');
    ada.enter();
    expect(ada.update(FORBIDDEN)).toBe(true);
    expect(ada.statuses()).toEqual([false]);
    expect(ada.session.writable).toBe(false);
    expect(ada.count('auth')).toBe(1);
    expect(ada.sent.some((frame) => frame.kind === 'stateless' && frame.payload.includes('forbidden-update'))).toBe(
      true,
    );
    ada.update(createWriter(1).type('later'));
    await flush();
    expect(ada.statuses()).toEqual([false, false]);
    expect(room.state.clientCount).toBe(0);
  });

  it('[GATE25] structs under a clientID of somebody else do not cost the owner an acknowledged edit', async () => {
    const { join, flush } = createSessionFixture();
    const [victim, mallory] = [join('victim'), join('mallory')];
    for (const client of [victim, mallory]) client.enter();
    const writer = createWriter(7);
    victim.update(writer.type('hello '));
    await flush();
    // A collected range of 1,000 clocks at the victim's next one.
    mallory.update(Uint8Array.from([1, 1, 7, 6, 0, 0xe8, 0x07, 0]));
    await flush();
    victim.update(writer.type('WORLD'));
    await flush();
    expect(victim.statuses()).toEqual([true, false]);
    expect(victim.sent.some((frame) => frame.kind === 'stateless' && frame.payload.includes('forked'))).toBe(true);
    expect(victim.session.writable).toBe(true);
  });

  it('[AUTH20] who may only read cannot write by SyncStep2 or Update, and is fine with what is known', async () => {
    const { join, flush, room } = createSessionFixture();
    const [ada, eve] = [join('ada'), join('eve', 'none')];
    const writer = createWriter(1);
    ada.update(writer.type('known'));
    await flush();
    eve.step1();
    eve.step2(writer.state());
    await flush();
    eve.update(createWriter(2).type('no'));
    eve.step1();
    eve.step2(createWriter(3).type('no'));
    await flush();
    expect(eve.statuses()).toEqual([true, false, false]);
    expect(room.state.clientCount).toBe(1);
  });

  it('[ROOM16] a reader who joins sees committed state only', async () => {
    const { join, flush, log, clock } = createSessionFixture();
    const [ada, eve] = [join('ada'), join('eve', 'none')];
    log.onAppend = () => 'down';
    ada.update(createWriter(1).type('uncommitted'));
    await clock.settle();
    eve.step1();
    await flush();
    expect(eve.count('step2')).toBe(0);
    log.onAppend = () => 'store';
    clock.advance(5_000);
    await flush();
    expect(eve.count('step2')).toBe(1);
  });

  it('[AUTH84] what a session held back is refused once it may no longer write', async () => {
    const { join, flush, room } = createSessionFixture();
    const [ada, ben] = [join('ada'), join('ben')];
    const writer = createWriter(1);
    const first = writer.type('first ');
    ada.update(writer.type('second'));
    ada.session.setScope('none');
    ben.update(first);
    ada.step1();
    ada.step2();
    await flush();
    expect(ada.statuses()[0]).toBe(false);
    expect(room.state.clock(1)).toBe(6);
  });

  it('[ACK11] silence counts only while the server reads', async () => {
    const { join, flush, clock } = createSessionFixture();
    const ada = join('ada');
    ada.step1();
    ada.update(createWriter(1).type('x'));
    ada.socket.reading = false;
    await flush();
    clock.advance(60_000);
    expect(ada.statuses()).toEqual([]);
    ada.socket.reading = true;
    clock.advance(11_000);
    expect(ada.statuses()).toEqual([true]);
  });

  it('[ROOM83] a session whose right to write changes misses no edit', async () => {
    const { join, flush, clock } = createSessionFixture();
    const [ada, eve, ben] = [join('ada'), join('eve', 'none'), join('ben')];
    const [first, second] = [createWriter(1).type('on its way'), createWriter(2).type('next')];
    const seenBy = (client: typeof eve) => {
      const doc = new Y.Doc();
      for (const frame of client.sent) if (frame.kind === 'update') Y.applyUpdate(doc, frame.bytes);
      return doc.getText('t').length;
    };
    ada.update(first);
    eve.session.setScope('all');
    await flush();
    expect(seenBy(eve)).toBe(10);
    ada.update(second);
    ben.session.setScope('none');
    await clock.settle();
    await flush();
    expect(seenBy(ben)).toBe(14);
  });
});
