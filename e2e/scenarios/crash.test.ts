import { describe, expect, it } from 'vitest';
import type { Child } from '../support/child-process.ts';
import { runCrashRounds } from '../support/crash-rounds.ts';
import { recordResult } from '../support/results.ts';
import { createServerSite } from '../support/scriptorium-server.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { pickSize } from '../support/sizes.ts';
import { createStockSite } from '../support/stock-hocuspocus.ts';
import { mintToken } from '../support/tokens.ts';
import { withDeadline } from '../support/wait-until.ts';

const KILL_WITHIN_MS = 1_500;
const DRAIN_MS = 10_000;

async function terminate(server: Child): Promise<void> {
  server.signal('SIGTERM');
  const exit = await withDeadline(server.exited, { what: 'orderly end', timeoutMs: DRAIN_MS, seen: server.output });
  expect(exit).toEqual({ code: 0, signal: null });
}

describe('kill -9 while four clients type', () => {
  it('[ACK50] every acknowledged marker is in the reloaded document', { timeout: 1_200_000 }, async () => {
    const random = createSeededRandom('crash');
    const site = await createServerSite();
    try {
      const outcome = await runCrashRounds(
        {
          collabUrl: site.collabUrl,
          token: (client) => mintToken({ sub: `typist-${client}` }),
          start: () => site.start({ env: { LIMIT_UPDATES_PER_SECOND: '10000' } }),
        },
        { rounds: pickSize({ share: 12, full: 100 }), document: 'crash', random, killWithinMs: KILL_WITHIN_MS },
      );
      await recordResult('crash', {
        seed: random.seed,
        rounds: outcome.rounds,
        typed: outcome.typed,
        acknowledged: outcome.acknowledged,
        lost: outcome.lost.length,
      });
      expect(outcome.lost).toEqual([]);
      // However slow the machine, enough was acknowledged to be lost.
      expect(outcome.acknowledged).toBeGreaterThan(outcome.rounds * 5);
    } finally {
      await site.dispose();
    }
  });

  it(
    '[OPS57] SIGTERM with edits in flight ends in order and keeps what was acknowledged',
    { timeout: 120_000 },
    async () => {
      const random = createSeededRandom('SIGTERM');
      const site = await createServerSite();
      try {
        const outcome = await runCrashRounds(
          {
            collabUrl: site.collabUrl,
            token: (client) => mintToken({ sub: `typist-${client}` }),
            start: () => site.start(),
          },
          {
            rounds: pickSize({ share: 2, full: 20 }),
            document: 'drain',
            random,
            killWithinMs: KILL_WITHIN_MS,
            stop: terminate,
          },
        );
        await recordResult('SIGTERM', {
          seed: random.seed,
          rounds: outcome.rounds,
          acknowledged: outcome.acknowledged,
        });
        expect(outcome.lost).toEqual([]);
        expect(outcome.acknowledged).toBeGreaterThan(0);
      } finally {
        await site.dispose();
      }
    },
  );

  it(
    '[ACK51] the same rounds show the loss on a server that acknowledges before it stores',
    { timeout: 120_000 },
    async () => {
      const random = createSeededRandom('crash of stock Hocuspocus');
      const site = await createStockSite();
      try {
        const outcome = await runCrashRounds(
          { collabUrl: site.collabUrl, token: async () => 'any', start: site.start },
          { rounds: 3, document: 'crash', random, killWithinMs: KILL_WITHIN_MS },
        );
        await recordResult('crash of stock Hocuspocus', {
          seed: random.seed,
          rounds: outcome.rounds,
          acknowledged: outcome.acknowledged,
          lost: outcome.lost.length,
        });
        expect(outcome.lost.length).toBeGreaterThan(0);
      } finally {
        await site.dispose();
      }
    },
  );
});
