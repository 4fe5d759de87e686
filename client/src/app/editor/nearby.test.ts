import { describe, expect, it } from 'vitest';
import { describeNearby } from './nearby.ts';

describe('who is near', () => {
  it('[APP21] is said of those who come, not of those who stay or go', () => {
    expect(describeNearby(new Set(), new Set(['Lin']))).toBe('Lin is in this paragraph, too.');
    expect(describeNearby(new Set(['Lin']), new Set(['Lin', 'Mo', 'Zoë']))).toBe(
      'Mo and Zoë are in this paragraph, too.',
    );
    expect(describeNearby(new Set(['Lin']), new Set(['Lin']))).toBe(null);
    expect(describeNearby(new Set(['Lin']), new Set())).toBe(null);
  });
});
