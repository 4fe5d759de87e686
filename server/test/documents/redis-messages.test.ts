import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FanOut, RelayMessage } from '../../src/ports/fan-out.ts';
import { ask } from '../services/redis-cluster.ts';
import { createRandom } from '../support/random.ts';
import { missing } from '../services/shared-services.ts';
import { bindFanOut } from './port-wrappers.ts';
import { countOf, openRedisWorld, type RedisWorld, waitForWords } from './redis-nodes.ts';

let world: RedisWorld;

describe.skipIf(missing.redis)('nodes that share a log and a Redis', () => {
  beforeEach(async () => void (world = await openRedisWorld()));
  afterEach(() => world.close());

  describeBadMessages();
});

function describeBadMessages(): void {
  it('[ROOM38] whatever comes over any channel is counted, and stops nothing', async () => {
    const { id, rooms, a, b } = await world.openAll(['a', 'b'], { headWatch: false });
    await world.waitForHealth();
    await a.type(id, 'before');
    await waitForWords(rooms, 'before');
    const channels = (await ask(world.redis, ['pubsub', 'channels'])) as string[];
    expect(channels.length).toBeGreaterThanOrEqual(5);
    const bytes = ['', 'x', '\u0001', '\u0001\u0001', 'text that is longer than any header of ours could be, by far'];
    for (const channel of channels)
      for (const text of bytes) await ask(world.redis, ['publish', channel, Buffer.from(text)]);
    await vi.waitFor(() => expect(countOf(b, 'relay_malformed_total')).toBe((channels.length - 1) * bytes.length), {
      timeout: 10_000,
    });
    await a.type(id, 'after');
    await b.type(id, 'that');
    await waitForWords(rooms, 'before after that');
    expect([a.fanOut.healthy(), b.fanOut.healthy()]).toEqual([true, true]);
  });

  it.each([1, 2, 3])(
    '[ROOM59] doubled, late, missing and foreign messages leave every room equal to the log (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const mangle = (fanOut: FanOut): FanOut => {
        const held: RelayMessage[] = [];
        const send = (message: RelayMessage): void => fanOut.publish(message);
        return {
          ...bindFanOut(fanOut),
          publish(message) {
            const fate = random.below(1_000) / 1_000;
            if (fate < 0.2) return;
            if (fate < 0.4) held.push(message);
            else send(message);
            if (fate > 0.8) send(message);
            if (fate > 0.6) send({ ...message, payload: null });
            if (fate > 0.9) send({ ...message, epoch: message.epoch - 1, payload: Uint8Array.of(9) });
            if (fate > 0.95) send({ ...message, seq: message.seq + 5, payload: Uint8Array.of(9) });
            if (fate > 0.5) held.splice(0).toReversed().forEach(send);
          },
        };
      };
      const { id, a, b } = await world.openAll(['a', 'b'], { wrap: mangle });
      await world.waitForHealth();
      const words = Array.from({ length: 60 }, (_, index) => `w${index}`);
      await Promise.all([
        words.slice(0, 30).reduce((before, word) => before.then(() => a.type(id, word)), Promise.resolve()),
        words.slice(30).reduce((before, word) => before.then(() => b.type(id, word)), Promise.resolve()),
      ]);
      await waitForWords([await a.open(id), await b.open(id)], words.join(' '));
      expect(world.nodes.map((node) => countOf(node, 'rooms_discarded_total'))).toEqual([0, 0]);
    },
  );
}
