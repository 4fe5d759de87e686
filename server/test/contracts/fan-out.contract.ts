import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FanOut, RelayMessage } from '../../src/ports/fan-out.ts';

/** Two nodes on one medium, both of them well. */
export interface FanOutsUnderTest {
  /** Belongs to node `a`. */
  readonly a: FanOut;
  /** Belongs to node `b`. */
  readonly b: FanOut;
  close(): Promise<void>;
}

const PATIENCE = { timeout: 15_000 };

function message(node: string, documentId: number, seq: number): RelayMessage {
  return { node, documentId, epoch: 1, seq, payload: new Uint8Array([seq, 255, 0]) };
}

/** Subscribes, and waits until the subscription is in force. */
async function listen(
  fanOut: FanOut,
  documentId: number,
  handler: (message: RelayMessage) => void,
): Promise<() => void> {
  const active = Promise.withResolvers<void>();
  const leave = fanOut.subscribe(documentId, handler, active.resolve);
  await active.promise;
  return leave;
}

async function listenToPresence(
  fanOut: FanOut,
  documentId: number,
  handler: (node: string, update: Uint8Array) => void,
): Promise<() => void> {
  const active = Promise.withResolvers<void>();
  const leave = fanOut.subscribeAwareness(documentId, handler, active.resolve);
  await active.promise;
  return leave;
}

/** What every fan-out must do while its medium is well; what a broken one loses is repaired from the log. */
export function describeFanOut(adapter: string, open: () => Promise<FanOutsUnderTest>): void {
  describe(`fan-out: ${adapter}`, () => {
    let nodes: FanOutsUnderTest;
    beforeEach(async () => void (nodes = await open()));
    afterEach(() => nodes.close());
    describeRows(() => nodes);
    describeSubscriptions(() => nodes);
    describeAwareness(() => nodes);
    describeEnd(() => nodes);
  });
}

function describeRows(current: () => FanOutsUnderTest): void {
  it('[ROOM30] a row reaches the subscribers of the other nodes whole and in order, and not its own node', async () => {
    const { a, b } = current();
    const [atA, atB, atBToo]: RelayMessage[][] = [[], [], []];
    await listen(a, 1, (received) => atA!.push(received));
    await listen(b, 1, (received) => atB!.push(received));
    await listen(b, 1, (received) => atBToo!.push(received));
    const sent = [1, 2, 3].map((seq) => message('a', 1, seq));
    for (const one of sent) a.publish(one);
    b.publish(message('b', 1, 9));
    await vi.waitFor(() => expect([atA!.length, atB!.length, atBToo!.length]).toEqual([1, 3, 3]), PATIENCE);
    expect(atB).toEqual(sent);
    expect(atBToo).toEqual(sent);
    expect(atA).toEqual([message('b', 1, 9)]);
  });

  it('[ROOM31] publishing calls nobody before it returns', async () => {
    const { a, b } = current();
    const received: number[] = [];
    await listen(b, 1, ({ seq }) => received.push(seq));
    a.publish(message('a', 1, 1));
    expect(received).toEqual([]);
    await vi.waitFor(() => expect(received).toEqual([1]), PATIENCE);
  });

  it('[ROOM33] a handler that throws takes nothing from the others, nor the next message from itself', async () => {
    const { a, b } = current();
    const received: string[] = [];
    await listen(b, 1, ({ seq }) => {
      received.push(`bad:${seq}`);
      throw new Error('handler');
    });
    await listen(b, 1, ({ seq }) => received.push(`good:${seq}`));
    a.publish(message('a', 1, 1));
    a.publish(message('a', 1, 2));
    await vi.waitFor(() => expect(received).toEqual(['bad:1', 'good:1', 'bad:2', 'good:2']), PATIENCE);
  });

  it('[ROOM39] a row of any size arrives, whole or as a hint of it, and so does a hint', async () => {
    const { a, b } = current();
    const received: RelayMessage[] = [];
    await listen(b, 1, (one) => received.push(one));
    const large = { ...message('a', 1, 1), payload: new Uint8Array(1_000_000).fill(7) };
    const hint = { ...message('a', 1, 2), payload: null };
    a.publish(large);
    a.publish(hint);
    await vi.waitFor(() => expect(received).toHaveLength(2), PATIENCE);
    expect([large, { ...large, payload: null }]).toContainEqual(received[0]);
    expect(received[1]).toEqual(hint);
  });
}

function describeSubscriptions(current: () => FanOutsUnderTest): void {
  it('[ROOM32] a subscriber hears of its document only, and of nothing after it has left', async () => {
    const { a, b } = current();
    const received: string[] = [];
    const leave = await listen(b, 1, ({ seq }) => received.push(`left:${seq}`));
    await listen(b, 2, ({ seq }) => received.push(`two:${seq}`));
    await listen(b, 1, ({ seq }) => received.push(`one:${seq}`));
    a.publish(message('a', 1, 1));
    await vi.waitFor(() => expect(received).toEqual(['left:1', 'one:1']), PATIENCE);
    leave();
    leave();
    a.publish(message('a', 1, 2));
    await vi.waitFor(() => expect(received).toEqual(['left:1', 'one:1', 'one:2']), PATIENCE);
    a.publish(message('a', 2, 3));
    await vi.waitFor(() => expect(received).toEqual(['left:1', 'one:1', 'one:2', 'two:3']), PATIENCE);
  });

  it('[ROOM36] a subscription says once that it is in force, and misses nothing from then on', async () => {
    const { a, b } = current();
    const received: number[] = [];
    const expected: number[] = [];
    let told = 0;
    // Whoever comes back to a document at once must not be told by what was asked for before.
    for (let round = 1; round <= 20; round += 1) {
      const active = Promise.withResolvers<void>();
      const leave = b.subscribe(
        1,
        ({ seq }) => received.push(seq),
        () => {
          told += 1;
          active.resolve();
        },
      );
      if (round % 2 === 0) {
        await active.promise;
        a.publish(message('a', 1, round));
        expected.push(round);
        await vi.waitFor(() => expect(received).toEqual(expected), PATIENCE);
      }
      leave();
      if (round % 4 === 1) await Promise.resolve();
      if (round % 4 === 3) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toBeGreaterThanOrEqual(10);
    expect(told).toBeLessThanOrEqual(20);
  });

  it('[ROOM36] many documents at once are subscribed to, each hearing its own', async () => {
    const { a, b } = current();
    const ids = Array.from({ length: 1_500 }, (_, index) => index + 1);
    const received = new Map<number, number>();
    await Promise.all(ids.map((id) => listen(b, id, ({ documentId, seq }) => received.set(documentId, seq))));
    for (const id of ids) a.publish(message('a', id, id));
    await vi.waitFor(() => expect(received.size).toBe(ids.length), PATIENCE);
    expect([...received].filter(([id, seq]) => id !== seq)).toEqual([]);
  });

  it('[ROOM34] it says that it is well', () => {
    expect([current().a.healthy(), current().b.healthy()]).toEqual([true, true]);
  });
}

function describeAwareness(current: () => FanOutsUnderTest): void {
  it('[ROOM35] awareness goes its own way, to the other nodes, with the node it came from', async () => {
    const { a, b } = current();
    const [rows, atA, atB]: [unknown[], unknown[], unknown[]] = [[], [], []];
    await listen(b, 1, (received) => rows.push(received));
    await listenToPresence(a, 1, (...received) => atA.push(received));
    const leave = await listenToPresence(b, 1, (...received) => atB.push(received));
    const last: unknown[] = [];
    await listenToPresence(b, 2, (...received) => last.push(received));
    a.publishAwareness(1, 'a', new Uint8Array([1, 2]));
    await vi.waitFor(() => expect(atB).toEqual([['a', new Uint8Array([1, 2])]]), PATIENCE);
    leave();
    a.publishAwareness(1, 'a', new Uint8Array([3]));
    a.publishAwareness(2, 'a', new Uint8Array([4]));
    await vi.waitFor(() => expect(last).toEqual([['a', new Uint8Array([4])]]), PATIENCE);
    expect(atB).toHaveLength(1);
    expect([rows, atA]).toEqual([[], []]);
  });
}

function describeEnd(current: () => FanOutsUnderTest): void {
  it('[ROOM37] a node that goes sends what waits, and says goodbye to the others, once', async () => {
    const { a, b } = current();
    const [gone, received]: [string[], number[]] = [[], []];
    b.onNodeGone((node) => gone.push(node));
    a.onNodeGone((node) => gone.push(`a heard of ${node}`));
    const forget = b.onNodeGone(() => gone.push('forgotten'));
    forget();
    await listen(b, 1, ({ seq }) => received.push(seq));
    a.publish(message('a', 1, 1));
    await a.drain(5_000);
    await a.drain(5_000);
    a.publish(message('a', 1, 2));
    a.publishAwareness(1, 'a', new Uint8Array());
    await vi.waitFor(() => expect([gone, received]).toEqual([['a'], [1]]), PATIENCE);
  });

  it('[ROOM37] draining twice, or what never worked, ends', async () => {
    const { a, b } = current();
    await Promise.all([a.drain(0), a.drain(0), b.drain(5_000)]);
    await a.drain(5_000);
  });
}
