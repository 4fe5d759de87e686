import { describe, expect, it } from 'vitest';
import { createChannelNames, PARTITIONS, partitionOf, slotOf } from './partitions.ts';

describe('[ROOM49] partitions', () => {
  it('each has a slot in its own part of all slots, so any division of a cluster gets its share', () => {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      expect(Math.floor(slotOf(partition) / (16_384 / PARTITIONS))).toBe(partition);
    }
    for (const servers of [2, 3, 5, 6, 10]) {
      const share = Math.ceil(16_384 / servers);
      const counts = Array.from({ length: servers }, () => 0);
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        counts[Math.floor(slotOf(partition) / share)]! += 1;
      }
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    }
  });

  it('both channels of a document carry the tag of its partition, and no two documents share one', () => {
    const names = createChannelNames('x');
    const tags = new Map<string, number>();
    for (let id = 1; id <= PARTITIONS * 2; id += 1) {
      const [rows, presence] = [names.rows(id), names.presence(id)];
      const [, tag = ''] = /^x:\{(\w+)\}:/.exec(rows) ?? [];
      expect(presence).toContain(`{${tag}}`);
      tags.set(tag, partitionOf(id));
    }
    expect(tags.size).toBe(PARTITIONS);
    expect(new Set([1, 129, 257].flatMap((id) => [names.rows(id), names.presence(id)])).size).toBe(6);
  });
});
