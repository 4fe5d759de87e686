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
    type: (text: string): Uint8Array => {
      doc.getText('t').insert(doc.getText('t').length, text);
      return updates.at(-1) ?? new Uint8Array();
    },
    state: () => Y.encodeStateAsUpdate(doc),
  };
}

describe('rounds of synchronisation', () => {
  it('[ACK12] updates sent ahead of the SyncStep1 are not confirmed before all that the client brings is durable', async () => {
    const { join, flush } = createSessionFixture();
    const ada = join('ada');
    const writer = createWriter(1);
    ada.update(writer.type('early'));
    await flush();
    expect(ada.statuses()).toEqual([]);
    for (let edit = 0; edit < 5; edit += 1) writer.type('offline');
    ada.step1();
    ada.step2(writer.state());
    expect(ada.statuses()).toEqual([]);
    await flush();
    expect(ada.statuses()).toEqual([true, true]);
  });

  it('[ACK12] a client that starts no round at all gets its answers once its connection is silent', async () => {
    const { join, flush, clock } = createSessionFixture();
    const ada = join('ada');
    ada.update(createWriter(1).type('x'));
    await flush();
    expect(ada.statuses()).toEqual([]);
    clock.advance(10_000);
    expect(ada.statuses()).toEqual([true]);
  });

  it('[SOCK13] a client that asks again before it took the last answer costs one more answer, not one for each', async () => {
    const { join, flush } = createSessionFixture();
    const [ada, ben] = [join('ada'), join('ben')];
    ben.update(createWriter(1).type('something to send'));
    await flush();
    const untaken: (() => void)[] = [];
    ada.network.take = (taken) => void untaken.push(taken);
    for (let ask = 0; ask < 400; ask += 1) ada.step1();
    expect(ada.count('step2')).toBe(1);
    untaken.shift()?.();
    expect(ada.count('step2')).toBe(2);
    untaken.shift()?.();
    expect(ada.count('step2')).toBe(2);
    ada.step1();
    expect(ada.count('step2')).toBe(3);
  });

  it('[SOCK13] what is asked last is what is answered', async () => {
    const { join, flush } = createSessionFixture();
    const [ada, ben] = [join('ada'), join('ben')];
    const writer = createWriter(1);
    ben.update(writer.type('all of it'));
    await flush();
    const untaken: (() => void)[] = [];
    ada.network.take = (taken) => void untaken.push(taken);
    ada.step1();
    ada.step1();
    ada.step1(Y.encodeStateVectorFromUpdate(writer.state()));
    untaken.shift()?.();
    const answers = ada.sent.flatMap((frame) => (frame.kind === 'step2' ? [frame.bytes] : []));
    expect(answers).toHaveLength(2);
    expect(Y.encodeStateVectorFromUpdate(answers[1] ?? new Uint8Array([0, 0]))).toEqual(Uint8Array.of(0));
  });

  it('[SOCK14] a client that waits for too many answers is sent away', () => {
    const { join, log } = createSessionFixture();
    log.onAppend = () => 'down';
    const ada = join('ada');
    ada.enter();
    const update = createWriter(1).type('the same again');
    for (let frame = 0; frame <= 10_000; frame += 1) ada.update(update);
    expect(ada.ended).toContain('overloaded');
  });

  it('[SOCK15] what is missing is asked for again, whether the client sends anything meanwhile or not', async () => {
    const { join, flush, clock, room } = createSessionFixture();
    const ada = join('ada');
    ada.enter();
    const writer = createWriter(1);
    const first = writer.type('first ');
    ada.update(writer.type('second'));
    for (let second = 0; second < 120; second += 1) clock.advance(1_000);
    const asked = ada.count('step1');
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(12);
    ada.update(first);
    await flush();
    expect(room.state.clock(1)).toBe(12);
    clock.advance(600_000);
    expect(ada.count('step1')).toBe(asked);
  });

  it('[SOCK15] the next gap is asked for at once', () => {
    const { join, clock } = createSessionFixture();
    const ada = join('ada');
    ada.enter();
    const writer = createWriter(1);
    for (const gap of ['one', 'two']) {
      const missing = writer.type(gap);
      ada.update(writer.type('!'));
      const before = ada.count('step1');
      clock.advance(0);
      expect(ada.count('step1')).toBe(before + 1);
      ada.update(missing);
    }
  });
});
