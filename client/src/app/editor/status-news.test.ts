import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SaveStatus } from '../../sdk/save-status.ts';
import { createStatusNews, SETTLE } from './status-news.ts';

const saved: SaveStatus = { kind: 'saved', pending: 0 };
const saving: SaveStatus = { kind: 'saving', pending: 1 };
const refused: SaveStatus = { kind: 'refused', pending: 1, refusal: { code: 'read-only', title: 'No.' } };

function offline(pending: number, kept: number): SaveStatus {
  return { kind: 'offline', pending, kept };
}

describe('status news', () => {
  let said: string[];
  let news: ReturnType<typeof createStatusNews>;

  beforeEach(() => {
    vi.useFakeTimers();
    said = [];
    news = createStatusNews((text) => void said.push(text));
  });
  afterEach(() => {
    news.stop();
    vi.useRealTimers();
  });

  it('[APP13] says that changes are not kept yet, and says so when they are', () => {
    news.push(offline(1, 0));
    vi.advanceTimersByTime(SETTLE);
    news.push(offline(1, 1));
    vi.advanceTimersByTime(SETTLE);
    expect(said).toEqual(['Offline, changes not kept yet', 'Offline, 1 change kept on this device']);
  });

  it('[APP13] says once that the connection is lost, however much is written meanwhile', () => {
    for (let change = 1; change <= 50; change += 1) {
      news.push(offline(change, change - 1));
      vi.advanceTimersByTime(90);
      news.push(offline(change, change));
      vi.advanceTimersByTime(90);
    }
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^Offline, \d+ changes? kept on this device$/);
  });

  it('[APP13] says nothing of a connection that is back within a second, nor of saving', () => {
    news.push(offline(1, 1));
    vi.advanceTimersByTime(SETTLE - 1);
    news.push(saving);
    news.push(saved);
    vi.advanceTimersByTime(SETTLE * 2);
    expect(said).toEqual([]);
  });

  it('[APP13] says at once what is refused, and that it is saved after all', () => {
    news.push(refused);
    news.push(saving);
    news.push(saved);
    expect(said).toEqual(['Refused', 'Saved']);
  });
});
