import { expect, test } from 'vitest';
import { findNearestName } from './nearest-name.ts';

test.each([
  ['LIMIT_MESAGE_BYTES', 'LIMIT_MESSAGE_BYTES'],
  ['LIMIT_BODY', 'LIMIT_BODY_BYTES'],
  ['DATADIR', 'DATA_DIR'],
])('[OPS4] the name nearest to %s is %s', (name, expected) => {
  expect(findNearestName(name, ['PORT', 'DATA_DIR', 'LIMIT_BODY_BYTES', 'LIMIT_MESSAGE_BYTES'])).toBe(expected);
});

test('[OPS4] among no names none is the nearest', () => {
  expect(findNearestName('PORT', [])).toBeNull();
});
