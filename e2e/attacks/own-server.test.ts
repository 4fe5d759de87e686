import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordTable } from '../support/results.ts';
import { mintToken } from '../support/tokens.ts';
import { formatTable } from './support/attack-table.ts';
import { Campaign } from './support/campaign.ts';
import { LINES } from './support/run-attack.ts';
import { CASE_MS, tryCases } from './support/attack-cases.contract.ts';

/**
 * Everything that is tried, on this server alone: what it answers, what is lost, and what it comes to hold. Round trips are
 * judged beside a stock server, on a machine that does nothing else.
 */
describe('attacks on this server', () => {
  let campaign: Campaign;
  beforeAll(async () => {
    const token = await mintToken({ sub: 'canary' });
    campaign = await Campaign.start({ token, lines: { ...LINES, p99: Infinity } });
  });
  afterAll(async () => {
    await recordTable('attacks on this server', formatTable(campaign.rows));
    await campaign.dispose();
  });

  tryCases(() => campaign);

  it('[ATT56] after all of that every attacked document loads from the store', CASE_MS, async () => {
    expect(await campaign.findPoisoned('ours')).toEqual([]);
  });
});
