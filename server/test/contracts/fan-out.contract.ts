import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FanOut, RelayMessage } from '../../src/ports/fan-out.ts';

/** Two nodes on one medium. */
export interface FanOutsUnderTest {
  /** Belongs to node `a`. */
  readonly a: FanOut;
  /** Belongs to node `b`. */
  readonly b: FanOut;
  close(): Promise<void>;
}

function message(node: string, documentId: number, seq: number): RelayMessage {
  return { node, documentId, epoch: 1, seq, payload: new Uint8Array([seq, 255, 0]) };
}

/** What every fan-out must do while its medium is well; what a broken one loses is repaired from the log. */
export function describeFanOut(adapter: string, open: () => Promise<FanOutsUnderTest>): void {
  describe(`fan-out: ${adapter}`, () => {
    let nodes: FanOutsUnderTest;
    beforeEach(async () => void (nodes = await open()));
    afterEach(() => nodes.close());
    describeRows(() => nodes);
    describeAwareness(() => nodes);
  });
}

function describeRows(current: () => FanOutsUnderTest): void {
  it('[ROOM30] a row reaches the subscribers of the other nodes whole and in order, and not its own node', async () => {
    const { a, b } = current();
    const [atA, atB, atBToo]: RelayMessage[][] = [[], [], []];
    a.subscribe(1, (received) => atA!.push(received));
    b.subscribe(1, (received) => atB!.push(received));
    b.subscribe(1, (received) => atBToo!.push(received));
    const sent = [1, 2, 3].map((seq) => message('a', 1, seq));
    for (const one of sent) a.publish(one);
    b.publish(message('b', 1, 9));
    await vi.waitFor(() => expect([atA!.length, atB!.length, atBToo!.length]).toEqual([1, 3, 3]));
    expect(atB).toEqual(sent);
    expect(atBToo).toEqual(sent);
    expect(atA).toEqual([message('b', 1, 9)]);
  });

  it('[ROOM31] publishing calls nobody before it returns', async () => {
    const { a, b } = current();
    const received: number[] = [];
    b.subscribe(1, ({ seq }) => received.push(seq));
    a.publish(message('a', 1, 1));
    expect(received).toEqual([]);
    await vi.waitFor(() => expect(received).toEqual([1]));
  });

  it('[ROOM32] a subscriber hears of its document only, and of nothing after it has left', async () => {
    const { a, b } = current();
    const received: string[] = [];
    const leave = b.subscribe(1, ({ seq }) => received.push(`left:${seq}`));
    b.subscribe(2, ({ seq }) => received.push(`two:${seq}`));
    b.subscribe(1, ({ seq }) => received.push(`one:${seq}`));
    a.publish(message('a', 1, 1));
    await vi.waitFor(() => expect(received).toEqual(['left:1', 'one:1']));
    leave();
    leave();
    a.publish(message('a', 1, 2));
    a.publish(message('a', 2, 3));
    await vi.waitFor(() => expect(received).toEqual(['left:1', 'one:1', 'one:2', 'two:3']));
  });

  it('[ROOM33] a handler that throws takes nothing from the others, nor the next message from itself', async () => {
    const { a, b } = current();
    const received: string[] = [];
    b.subscribe(1, ({ seq }) => {
      received.push(`bad:${seq}`);
      throw new Error('handler');
    });
    b.subscribe(1, ({ seq }) => received.push(`good:${seq}`));
    a.publish(message('a', 1, 1));
    a.publish(message('a', 1, 2));
    await vi.waitFor(() => expect(received).toEqual(['bad:1', 'good:1', 'bad:2', 'good:2']));
  });

  it('[ROOM34] it says that it is well', () => {
    expect([current().a.healthy(), current().b.healthy()]).toEqual([true, true]);
  });
}

function describeAwareness(current: () => FanOutsUnderTest): void {
  it('[ROOM35] awareness goes its own way, to the other nodes, with the node it came from', async () => {
    const { a, b } = current();
    const [rows, atA, atB]: [unknown[], unknown[], unknown[]] = [[], [], []];
    b.subscribe(1, (received) => rows.push(received));
    a.subscribeAwareness(1, (...received) => atA.push(received));
    const leave = b.subscribeAwareness(1, (...received) => atB.push(received));
    const last: unknown[] = [];
    b.subscribeAwareness(2, (...received) => last.push(received));
    a.publishAwareness(1, 'a', new Uint8Array([1, 2]));
    await vi.waitFor(() => expect(atB).toEqual([['a', new Uint8Array([1, 2])]]));
    leave();
    a.publishAwareness(1, 'a', new Uint8Array([3]));
    a.publishAwareness(2, 'a', new Uint8Array([4]));
    await vi.waitFor(() => expect(last).toEqual([['a', new Uint8Array([4])]]));
    expect(atB).toHaveLength(1);
    expect([rows, atA]).toEqual([[], []]);
  });
}
