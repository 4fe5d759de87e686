import { expect, it } from 'vitest';
import { restAfterWrite } from './search-rest.ts';

it('[FIND152] a document rests a second for each 100 KB, from one to thirty', () => {
  expect([0, 2_000, 100_000, 300_000, 3_000_000, 64_000_000].map(restAfterWrite)).toEqual([
    1_000, 1_000, 1_000, 3_000, 30_000, 30_000,
  ]);
});
