import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SaveStatus } from './save-status.ts';
import { SaveTracker } from './save-tracker.ts';
import type { StateVector } from './state-vector.ts';

/** A connection whose other end the test plays. */
function createPort() {
  const port = {
    probes: [] as number[],
    syncs: 0,
    vector: new Map<number, number>() as StateVector,
    statuses: [] as SaveStatus['kind'][],
    sendProbe: (id: number) => void port.probes.push(id),
    forceSync: () => void (port.syncs += 1),
    readVector: () => port.vector,
    onChange: ({ kind }: SaveStatus) => void port.statuses.push(kind),
  };
  return port;
}

describe('save tracker', () => {
  let port: ReturnType<typeof createPort>;
  let tracker: SaveTracker;

  beforeEach(() => {
    vi.useFakeTimers();
    port = createPort();
    tracker = new SaveTracker(port);
  });
  afterEach(() => {
    tracker.destroy();
    vi.useRealTimers();
  });

  function connect(): void {
    tracker.dispatch({ type: 'opened' });
    tracker.dispatch({ type: 'synced' });
    vi.advanceTimersByTime(300);
  }

  function edit(clock: number): void {
    port.vector = new Map([[7, clock]]);
    tracker.dispatch({ type: 'edited' });
  }

  it('[SDK9] compares with the server after each connect, before anything is edited', () => {
    connect();
    expect(port.probes).toEqual([1]);
    tracker.answer(1, new Map());
    expect(tracker.status.kind).toBe('saved');
  });

  it('[SDK10] fast typing asks at most a few times a second, and always after the last edit', () => {
    connect();
    tracker.answer(1, new Map());
    for (let clock = 1; clock <= 100; clock += 1) {
      edit(clock);
      vi.advanceTimersByTime(10);
      const open = port.probes.at(-1) ?? 0;
      tracker.answer(open, new Map([[7, 1_000]]));
    }
    vi.advanceTimersByTime(500);
    tracker.answer(port.probes.at(-1) ?? 0, new Map([[7, 1_000]]));
    expect(port.probes.length).toBeGreaterThanOrEqual(3);
    expect(port.probes.length).toBeLessThanOrEqual(7);
    expect(tracker.status).toEqual({ kind: 'saved', pending: 0 });
  });

  it('[SDK5] forces a synchronisation when the server lacks something, with growing pauses, and recovers', () => {
    connect();
    edit(3);
    tracker.answer(1, new Map());
    vi.advanceTimersByTime(300);
    tracker.answer(2, new Map([[7, 2]]));
    expect(tracker.status.kind).toBe('saving');
    vi.advanceTimersByTime(1);
    expect(port.syncs).toBe(1);
    tracker.dispatch({ type: 'synced' });
    vi.advanceTimersByTime(300);
    tracker.answer(3, new Map([[7, 2]]));
    vi.advanceTimersByTime(400);
    expect(port.syncs).toBe(1);
    vi.advanceTimersByTime(3_000);
    expect(port.syncs).toBe(2);
    tracker.dispatch({ type: 'synced' });
    vi.advanceTimersByTime(300);
    tracker.answer(4, new Map([[7, 3]]));
    expect(tracker.status).toEqual({ kind: 'saved', pending: 0 });
  });

  it('[SDK9] compares again every half minute while nothing happens', () => {
    connect();
    tracker.answer(1, new Map());
    vi.advanceTimersByTime(31_000);
    expect(port.probes).toEqual([1, 2]);
  });

  it('[SDK9] asks again when no answer comes', () => {
    connect();
    edit(1);
    tracker.answer(1, new Map());
    vi.advanceTimersByTime(300);
    expect(port.probes).toEqual([1, 2]);
    vi.advanceTimersByTime(11_000);
    expect(port.probes).toEqual([1, 2, 3]);
    tracker.answer(2, new Map([[7, 1]]));
    expect(tracker.status.kind).toBe('saving');
    tracker.answer(3, new Map([[7, 1]]));
    expect(tracker.status.kind).toBe('saved');
  });

  it('[SDK3] compares with what was here when it asked, not with what came after', () => {
    connect();
    tracker.answer(1, new Map());
    edit(1);
    vi.advanceTimersByTime(300);
    edit(2);
    tracker.answer(2, new Map([[7, 1]]));
    expect(tracker.status).toEqual({ kind: 'saving', pending: 1 });
    expect(port.syncs).toBe(0);
    expect(tracker.confirmedClock(7)).toBe(1);
  });

  it('[SDK9] asks nothing while there is no connection', () => {
    tracker.dispatch({ type: 'closed' });
    edit(1);
    vi.advanceTimersByTime(60_000);
    expect(port.probes).toEqual([]);
    expect(tracker.status).toEqual({ kind: 'offline', pending: 1, kept: 0 });
  });
});
