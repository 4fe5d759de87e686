import { describe, expect, it } from 'vitest';
import { describeAge } from './relative-time.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const DAY = 24 * 3_600;

describe('age of a document', () => {
  it.for([
    [-5, 'just now'],
    [59, 'just now'],
    [60, '1 minute ago'],
    [3_599, '59 minutes ago'],
    [7_200, '2 hours ago'],
    [DAY, 'yesterday'],
    [6 * DAY, '6 days ago'],
    [8 * DAY, 'last week'],
    [65 * DAY, '2 months ago'],
    [800 * DAY, '2 years ago'],
  ] as const)('[APP7] %s seconds is "%s"', ([seconds, words]) => {
    expect(describeAge(NOW - seconds * 1_000, NOW, 'en')).toBe(words);
  });
});
