import { expect, it } from 'vitest';
import { explainFailure, runCampaign } from './campaign.ts';
import { replayCommand, sizeOf, type History } from './history.ts';

it('[SIM5] a failure comes with its seed, a history without what it does not need, and the command that plays it again', async () => {
  const histories = Array.from({ length: 40 }, (_, index): History => {
    const seed = index + 1;
    return { seed, noise: 0, size: sizeOf(seed), plant: 'ack-before-commit', kept: null };
  });
  const { failures } = await runCampaign({ histories });
  const failing = failures[0]?.history ?? histories[0];
  if (failing === undefined) throw new Error('nothing failed');
  const { history, report, text } = await explainFailure(failing);
  expect(history.kept?.length).toBeLessThan(20);
  expect(text).toContain(`seed ${failing.seed}: ${report.findings[0]}`);
  expect(text).toContain(`replay: ${replayCommand(history)}`);
  expect(replayCommand(history)).toMatch(new RegExp(`^node \\S+main\\.ts --seed ${failing.seed} .*--keep [0-9,]+$`));
  const again = await runCampaign({ histories: [history] });
  expect(again.reports[0]).toEqual(report);
}, 600_000);
