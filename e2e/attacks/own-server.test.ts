import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordTable } from '../support/results.ts';
import { mintToken } from '../support/tokens.ts';
import { FLOODS } from './cases/floods.ts';
import { FRAMING } from './cases/framing.ts';
import { NAMES } from './cases/names.ts';
import { PRESENCE } from './cases/presence.ts';
import { REQUESTS } from './cases/requests.ts';
import { UPDATES } from './cases/updates.ts';
import type { Attack } from './support/attack.ts';
import { formatTable } from './support/attack-table.ts';
import { Campaign } from './support/campaign.ts';
import { LINES } from './support/run-attack.ts';

const CASE_MS = { timeout: 240_000 };

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

  const attack = async (it: Attack): Promise<void> => {
    const { problems } = await campaign.run(it);
    expect(problems).toEqual([]);
  };

  it.for(FRAMING)('[ATT50] $name', CASE_MS, attack);
  it.for(UPDATES)('[ATT51] $name', CASE_MS, attack);
  it.for(PRESENCE)('[ATT52] $name', CASE_MS, attack);
  it.for(NAMES)('[ATT53] $name', CASE_MS, attack);
  it.for(FLOODS)('[ATT54] $name', CASE_MS, attack);
  it.for(REQUESTS)('[ATT55] $name', CASE_MS, attack);

  it('[ATT56] after all of that every attacked document loads from the store', CASE_MS, async () => {
    expect(await campaign.findPoisoned('ours')).toEqual([]);
  });
});
