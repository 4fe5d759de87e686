import { describe, expect, it } from 'vitest';
import { ProjectionQueue } from './projection-queue.ts';

const newQueue = (most = 10) => new ProjectionQueue(most);
const change = (documentId: number, rows = 1, gather = 300) => ({ documentId, rows, gather });
const ids = (queue: ProjectionQueue, now: number, limit = 10) =>
  queue.take(now, limit).map(({ documentId }) => documentId);

describe('documents that wait for the index', () => {
  it('[FIND19] a document waits once however often it changes, and those that wait longest come first', () => {
    const queue = newQueue();
    queue.note(change(7), 0);
    queue.note(change(3), 1);
    for (let edit = 0; edit < 50; edit += 1) queue.note(change(7), 2 + edit);
    expect(queue.lag(100)).toEqual({ rows: 52, milliseconds: 100 });
    expect(ids(queue, 100, 1)).toEqual([7]);
    expect(ids(queue, 100)).toEqual([3]);
    expect(ids(queue, 100)).toEqual([]);
  });

  it('[FIND19] a document that was written rests for a second, however often it changes', () => {
    const queue = newQueue();
    queue.note(change(7), 0);
    ids(queue, 0);
    queue.note(change(7), 10);
    queue.settle(7, 50, 1_000);
    expect(ids(queue, 1_049)).toEqual([]);
    expect(ids(queue, 1_050)).toEqual([7]);
    queue.settle(7, 1_060, 1_000);
    queue.note(change(7), 1_100);
    expect(ids(queue, 2_059)).toEqual([]);
    expect(ids(queue, 2_060)).toEqual([7]);
    queue.settle(7, 2_070, 1_000);
    queue.note(change(7), 9_000);
    expect(ids(queue, 9_000)).toEqual([7]);
  });

  it('[FIND19] work that failed comes again, with all that happened meanwhile', () => {
    const queue = newQueue();
    queue.note(change(7, 2), 5);
    ids(queue, 5);
    queue.note(change(7), 20);
    queue.putBack(7, 500);
    expect(queue.lag(105)).toEqual({ rows: 3, milliseconds: 100 });
    expect(ids(queue, 499)).toEqual([]);
    expect(ids(queue, 500)).toEqual([7]);
    queue.settle(7, 600, 1_000);
    expect(queue.depth).toBe(0);
    expect(queue.lag(700)).toEqual({ rows: 0, milliseconds: 0 });
  });

  it('[FIND20] no more documents wait than there is room for', () => {
    const queue = newQueue(2);
    expect([
      queue.note(change(1), 0),
      queue.note(change(2), 0),
      queue.note(change(3), 0),
      queue.note(change(2), 0),
    ]).toEqual([300, 300, null, 300]);
    expect(queue.depth).toBe(2);
  });

  it('[FIND151] the next turn is known: what is new waits for company, and what comes in its turn takes the others along', () => {
    const queue = newQueue();
    expect(queue.nextDue).toBe(null);
    expect([queue.note(change(7), 0), queue.note(change(3), 200), queue.nextDue]).toEqual([300, 500, 300]);
    expect(ids(queue, 300)).toEqual([7, 3]);
    expect(queue.nextDue).toBe(null);
    // One that changes while it is worked on waits until it is not, and then as long as it rests.
    queue.note(change(7), 310);
    queue.note(change(3), 320);
    expect(queue.nextDue).toBe(null);
    queue.settle(7, 400, 3_000);
    expect(queue.nextDue).toBe(3_400);
    queue.putBack(3, 900);
    expect(queue.nextDue).toBe(900);
    expect(ids(queue, 900)).toEqual([3]);
    queue.settle(3, 950, 0);
    expect([queue.note(change(3), 1_000), ids(queue, 1_300), ids(queue, 3_399), ids(queue, 3_400)]).toEqual([
      1_300,
      [3],
      [],
      [7],
    ]);
  });

  it('[FIND156] what was to be collected for long can be hurried, except for what rests', () => {
    const queue = newQueue();
    queue.note(change(7), 0);
    ids(queue, 0);
    queue.settle(7, 10, 1_000);
    queue.note(change(7, 1, 60_000), 20);
    queue.note(change(3, 1, 60_000), 20);
    expect([queue.has(3), queue.has(4), queue.nextDue]).toEqual([true, false, 60_020]);
    expect([queue.hurry(30), queue.nextDue]).toEqual([1, 30]);
    expect(ids(queue, 30)).toEqual([3]);
    expect(queue.nextDue).toBe(1_010);
  });
});
