import { expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';
import { sizeOf } from './history.ts';

/** What is left of histories that once showed a bug: its name, and the shortest history that did. */
const KEPT = [
  {
    bug: 'an append with a lost answer, then busy, was stored twice',
    seed: 1007,
    noise: 4,
    kept: [28, 32, 33],
  },
  {
    bug: 'a read missed what another node had acknowledged before',
    seed: 1010,
    noise: 5,
    kept: [34, 35, 36, 37, 69],
  },
] as const;

it.each(KEPT)('[SIM4] $bug', async ({ seed, noise, kept }) => {
  const { reports } = await runCampaign({ histories: [{ seed, noise, size: sizeOf(seed), plant: null, kept }] });
  expect(reports.map(({ findings }) => findings)).toEqual([[]]);
});
