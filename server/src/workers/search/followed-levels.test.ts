import { expect, it } from 'vitest';
import { FollowedLevels } from './followed-levels.ts';

it('[FIND153] what was committed elsewhere is taken up once, and not at all when the index has it already', () => {
  const levels = new FollowedLevels();
  const heads = [
    { documentId: 1, epoch: 1, head: 4 },
    { documentId: 2, epoch: 1, head: 9 },
  ];
  levels.add(2, { epoch: 1, seq: 9 });
  expect(levels.takeUnknown(heads)).toEqual([1]);
  expect(levels.takeUnknown(heads)).toEqual([]);
  // An older pass that ends late takes nothing back.
  levels.add(1, { epoch: 1, seq: 3 });
  expect(levels.takeUnknown(heads)).toEqual([]);
  expect(levels.takeUnknown([{ documentId: 1, epoch: 1, head: 5 }])).toEqual([1]);
  expect(levels.takeUnknown([{ documentId: 1, epoch: 2, head: 5 }])).toEqual([1]);
});
