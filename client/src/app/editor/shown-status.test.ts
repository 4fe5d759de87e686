import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SaveStatus } from '../../sdk/save-status.ts';
import { createStatusFilter, QUIET } from './shown-status.ts';

const saved: SaveStatus = { kind: 'saved', pending: 0 };
const saving: SaveStatus = { kind: 'saving', pending: 1 };
const offline: SaveStatus = { kind: 'offline', pending: 1, kept: 1 };

describe('shown status', () => {
  let shown: string[];
  let filter: ReturnType<typeof createStatusFilter>;

  beforeEach(() => {
    vi.useFakeTimers();
    shown = [];
    filter = createStatusFilter(({ kind }) => void shown.push(kind));
  });
  afterEach(() => {
    filter.stop();
    vi.useRealTimers();
  });

  it('[APP8] what is saved within 400 ms shows no "Saving…"', () => {
    filter.push(saving);
    vi.advanceTimersByTime(QUIET - 1);
    filter.push(saved);
    vi.advanceTimersByTime(QUIET * 2);
    expect(shown).toEqual(['saved']);
  });

  it('[APP8] what takes longer shows "Saving…" once, however often it changes', () => {
    for (let step = 0; step < 10; step += 1) {
      filter.push({ kind: 'saving', pending: step + 1 });
      vi.advanceTimersByTime(50);
    }
    expect(shown[0]).toBe('saving');
    filter.push(saved);
    expect(shown.at(-1)).toBe('saved');
  });

  it('[APP8] bad news is shown at once, also instead of a "Saving…" that is held back', () => {
    filter.push(saving);
    filter.push(offline);
    expect(shown).toEqual(['offline']);
    vi.advanceTimersByTime(QUIET * 2);
    expect(shown).toEqual(['offline']);
    filter.push(saving);
    expect(shown).toEqual(['offline', 'saving']);
  });

  it('[APP17] "Saving…" is shown at once before the page stands still', () => {
    filter.push({ kind: 'saving', pending: 0 }, true);
    expect(shown).toEqual(['saving']);
    filter.push(saving);
    filter.push(saved);
    expect(shown).toEqual(['saving', 'saving', 'saved']);
  });
});
