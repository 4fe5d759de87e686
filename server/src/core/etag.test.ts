import { expect, test } from 'vitest';
import { formatEtag, matchesEtag } from './etag.ts';

test('[REST10] the entity tag is epoch and seq in quotes', () => {
  expect(formatEtag(2, 41)).toBe('"2-41"');
});

test.each([
  ['"2-41"', true],
  ['W/"2-41"', true],
  ['"1-1", "2-41"', true],
  ['*', true],
  ['"2-410"', false],
  ['2-41', false],
  ['', false],
  [undefined, false],
])('[REST11] If-None-Match %s: %s', (header, matches) => {
  expect(matchesEtag(header, '"2-41"')).toBe(matches);
});
