import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPort } from '../services/process.ts';
import { ask } from '../services/redis-cluster.ts';
import { waitForHealth } from '../services/redis-fan-outs.ts';
import { missing } from '../services/shared-services.ts';
import { bindLog, blindLog } from './port-wrappers.ts';
import { countOf, openRedisWorld, type RedisWorld, waitForWords, wordsIn } from './redis-nodes.ts';

let world: RedisWorld;

describe.skipIf(missing.redis)('nodes that share a log and a Redis', () => {
  beforeEach(async () => void (world = await openRedisWorld()));
  afterEach(() => world.close());

  describeRelay();
  describeOutages();
});

function describeRelay(): void {
  it.each([[['a', 'b']], [['a', 'b', 'c', 'd', 'e']]])(
    '[ROOM51] edits of %j arrive by relay, one message for each flush',
    async (names) => {
      const { id, rooms, a, b } = await world.openAll(names, { headWatch: false });
      await world.waitForHealth();
      for (let edit = 0; edit < 5; edit += 1) await a.type(id, `a${edit}`);
      await b.type(id, 'b0');
      await waitForWords(rooms, 'a0 a1 a2 a3 a4 b0');
      const published = world.nodes.map((node) => countOf(node, 'relay_published_total'));
      expect(published).toEqual(names.map((name) => (name === 'a' ? 5 : name === 'b' ? 1 : 0)));
      expect(countOf(b, 'relay_received_total')).toBe(5);
      expect(world.nodes.map((node) => countOf(node, 'relay_gaps_total'))).toEqual(names.map(() => 0));
    },
  );

  it('[ROOM39] a row above the limit travels as a hint, and is read from the log', async () => {
    const { id, rooms, a, b } = await world.openAll(['a', 'b'], { headWatch: false, more: { inlineBytes: 100 } });
    await world.waitForHealth();
    const large = 'x'.repeat(1_000);
    await a.type(id, large);
    await a.type(id, 'small');
    await waitForWords(rooms, `${large} small`);
    expect(countOf(a, 'relay_hints_total')).toBe(1);
    expect(countOf(b, 'relay_received_bytes_total')).toBeLessThan(1_000);
  });

  it('[ROOM43] a row that is committed while another node opens the document is not lost to it', async () => {
    const { id, a, b } = await world.openAll(['a', 'b'], { headWatch: false });
    await world.waitForHealth();
    const lateLog = bindLog(world.stores.log);
    const gate = Promise.withResolvers<void>();
    const c = world.open('c', {
      headWatch: false,
      // What the load has read is old when it comes.
      log: {
        ...lateLog,
        readBindings: async (document) => {
          await gate.promise;
          return lateLog.readBindings(document);
        },
      },
    });
    const opening = c.open(id);
    for (let edit = 0; edit < 3; edit += 1) await a.type(id, `a${edit}`);
    await b.type(id, 'b0');
    gate.resolve();
    await waitForWords([await opening], 'a0 a1 a2 b0');
  });
}

function describeOutages(): void {
  it('[ROOM52] Redis is killed and comes back: meanwhile the log tells, and afterwards nobody has to type', async () => {
    const { log, blind } = blindLog(world.stores.log);
    const { id, rooms, a, b } = await world.openAll(['a', 'b'], { log });
    await world.waitForHealth();
    await a.type(id, 'before');
    await waitForWords(rooms, 'before');
    await world.redis.stop('SIGKILL');
    await waitForHealth([a.fanOut, b.fanOut], false);
    await a.type(id, 'a-away');
    await b.type(id, 'b-away');
    await waitForWords(rooms, 'before a-away b-away');
    // Now they are split: nobody can look at the log either, until both are back.
    blind.now = () => !a.fanOut.healthy() || !b.fanOut.healthy();
    const { id: other } = await world.stores.create('other');
    const others = await Promise.all([a.open(other), b.open(other)]);
    await a.type(other, 'a-split');
    await b.type(other, 'b-split');
    await world.redis.start();
    await waitForHealth([a.fanOut, b.fanOut]);
    await waitForWords(others, 'a-split b-split');
    await a.type(id, 'after');
    await waitForWords(rooms, 'before a-away b-away after');
    expect(countOf(a, 'relay_dropped_total')).toBeGreaterThan(0);
  });

  it('[ROOM41] what one node dropped while it alone was cut off is told when it is back, to nodes that were never away', async () => {
    await ask(world.redis, ['acl', 'setuser', 'cut', 'on', '>secret', '~*', '&*', '+@all']);
    const a = world.open('a', { url: `redis://cut:secret@127.0.0.1:${world.redis.port}`, headWatch: false });
    const b = world.open('b', { headWatch: false });
    await waitForHealth([a.fanOut, b.fanOut]);
    const { id } = await world.stores.create('cut');
    const { id: untouched } = await world.stores.create('untouched');
    const rooms = await Promise.all([a, b].flatMap((node) => [node.open(id), node.open(untouched)]));
    await a.type(untouched, 'early');
    await ask(world.redis, ['acl', 'setuser', 'cut', 'off']);
    await ask(world.redis, ['client', 'kill', 'user', 'cut']);
    await waitForHealth([a.fanOut], false);
    for (const word of ['one', 'two', 'three']) await a.type(id, word);
    expect(b.fanOut.healthy()).toBe(true);
    const [, , roomOfB] = rooms;
    expect(roomOfB === undefined ? null : wordsIn(roomOfB)).toBe('');
    await ask(world.redis, ['acl', 'setuser', 'cut', 'on']);
    await waitForHealth([a.fanOut]);
    await waitForWords(roomOfB === undefined ? [] : [roomOfB], 'one two three');
    expect([countOf(a, 'relay_dropped_total'), countOf(a, 'relay_hints_total')]).toEqual([3, 1]);
  });

  it('[ROOM53] a Redis that hangs is noticed, what waits for it stays small, and all is level when it goes on', async () => {
    const { id, rooms, a, b } = await world.openAll(['a', 'b'], { log: blindLog(world.stores.log).log });
    await world.waitForHealth();
    const { signal } = world.redis.process();
    signal('SIGSTOP');
    const filler = { node: 'a', documentId: id, epoch: 1, seq: 1, payload: new Uint8Array(60_000) };
    for (let publication = 0; publication < 2_000; publication += 1) a.fanOut.publish(filler);
    await new Promise((resolve) => setImmediate(resolve));
    // Eight megabytes wait for an answer; the rest was not even kept until somebody noticed.
    expect(countOf(a, 'relay_dropped_total')).toBeGreaterThan(1_800);
    await a.type(id, 'hanging');
    await waitForHealth([a.fanOut, b.fanOut], false);
    await waitForWords(rooms, 'hanging');
    await b.type(id, 'on');
    await waitForWords(rooms, 'hanging on');
    signal('SIGCONT');
    await waitForHealth([a.fanOut, b.fanOut]);
    await a.type(id, 'again');
    await waitForWords(rooms, 'hanging on again');
  });

  it('[ROOM54] flushing it changes nothing, for there is nothing of ours', async () => {
    const { id, rooms, a, b } = await world.openAll(['a', 'b'], { headWatch: false });
    await world.waitForHealth();
    await a.type(id, 'before');
    await waitForWords(rooms, 'before');
    expect(await ask(world.redis, ['dbsize'])).toBe(0);
    await ask(world.redis, ['flushall']);
    await b.type(id, 'after');
    await waitForWords(rooms, 'before after');
    expect([a.fanOut.healthy(), b.fanOut.healthy()]).toEqual([true, true]);
  });

  it('[ROOM55] without it from the start, documents open, take edits and save, and other nodes read the log', async () => {
    const url = `redis://127.0.0.1:${await findPort()}`;
    const { id, rooms, a, b } = await world.openAll(['a', 'b'], { url });
    await a.type(id, 'alone');
    await b.type(id, 'together');
    await waitForWords(rooms, 'alone together');
    expect([a.fanOut.healthy(), b.fanOut.healthy()]).toEqual([false, false]);
    expect(countOf(a, 'relay_published_total')).toBe(0);
  });
}
