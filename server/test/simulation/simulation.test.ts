import { beforeAll, describe, expect, it } from 'vitest';
import { countAll, describeTotals, explainFailure, runCampaign, type CampaignResult } from './campaign.ts';
import { sizeOf, type History } from './history.ts';

/** Histories of 300 operations each; `--full` plays ten thousand. */
const COUNT = process.env['FULL'] === '1' ? 10_000 : 500;
const PATIENCE = 4 * 60 * 60 * 1_000;

describe('many nodes and clients in one process', () => {
  let played: CampaignResult;
  beforeAll(async () => {
    const histories = Array.from({ length: COUNT }, (_, index): History => {
      const seed = index + 1;
      return { seed, noise: 0, size: sizeOf(seed), plant: null, kept: null };
    });
    const begun = performance.now();
    played = await runCampaign({ histories, mostFailures: 5 });
    const seconds = Math.round((performance.now() - begun) / 1_000);
    process.stdout.write(`${describeTotals(played.reports)}, in ${seconds} s\n`);
  }, PATIENCE);

  it(
    '[SIM1] whatever fails, what was called saved is in every load, all copies end equal, and nothing deleted or doubled shows',
    async () => {
      const texts: string[] = [];
      for (const { history } of played.failures.slice(0, 2)) texts.push((await explainFailure(history)).text);
      expect(texts.join('\n')).toBe('');
      expect(played.reports).toHaveLength(COUNT);
    },
    PATIENCE,
  );

  it.each([
    'flush_retries_total',
    'relay_gaps_total',
    'rooms_discarded_total',
    'updates_gap_total',
    'updates_refused_total',
    'snapshots_written_total',
    'snapshot_checksum_failures_total',
    'reading_paused_total',
    'forks',
  ])('[SIM6] the histories go where it hurts: %s', (name) => {
    expect(countAll(played.reports).get(name) ?? 0).toBeGreaterThan(0);
  });

  it('[SIM6] most of what is written is called saved', () => {
    const totals = countAll(played.reports);
    expect(totals.get('saved') ?? 0).toBeGreaterThan((totals.get('edits') ?? 0) / 2);
    expect(totals.get('edits') ?? 0).toBeGreaterThan(COUNT * 100);
  });
});
