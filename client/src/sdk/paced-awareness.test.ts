import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Awareness } from 'y-protocols/awareness';
import { Doc } from 'yjs';
import { createPacedAwareness, PRESENCE_PAUSE } from './paced-awareness.ts';

describe('paced awareness', () => {
  let document: Doc;
  let awareness: Awareness;
  let announced: unknown[];

  beforeEach(() => {
    vi.useFakeTimers();
    document = new Doc();
    awareness = createPacedAwareness(document);
    announced = [];
    awareness.on('update', () => void announced.push(awareness.states.get(awareness.clientID) ?? null));
  });
  afterEach(() => {
    document.destroy();
    vi.useRealTimers();
  });

  it('[SDK25] announces at most every 80 ms, and in the end the last state', () => {
    for (let step = 0; step < 40; step += 1) {
      awareness.setLocalStateField('cursor', step);
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(PRESENCE_PAUSE);
    expect(announced.length).toBeLessThanOrEqual(6);
    expect(announced.at(-1)).toEqual({ cursor: 39 });
  });

  it('[SDK25] fields that are set while one waits are all announced', () => {
    awareness.setLocalStateField('user', 'Ada');
    awareness.setLocalStateField('cursor', 1);
    awareness.setLocalStateField('colour', 'red');
    expect(awareness.getLocalState()).toEqual({ user: 'Ada', cursor: 1, colour: 'red' });
    vi.advanceTimersByTime(PRESENCE_PAUSE);
    expect(announced.at(-1)).toEqual({ user: 'Ada', cursor: 1, colour: 'red' });
  });

  it('[SDK25] leaving is announced at once, and nothing after it', () => {
    awareness.setLocalStateField('user', 'Ada');
    awareness.setLocalStateField('cursor', 1);
    awareness.setLocalState(null);
    expect(announced.at(-1)).toBeNull();
    vi.advanceTimersByTime(1_000);
    expect(announced.at(-1)).toBeNull();
  });
});
