import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { sendPatiently } from './send-patiently.ts';

function limited(pause: string): Response {
  return new Response('{}', { status: 429, headers: { 'retry-after': pause } });
}

test('[OPS280] a request that comes too soon is sent again behind the pause that the server asks for', async () => {
  const clock = createFakeClock();
  const told: string[] = [];
  const answers = [limited('30'), limited('7'), new Response('done')];
  let sent = 0;
  const answer = sendPatiently({ clock, tell: (text) => void told.push(text) }, async () => {
    sent += 1;
    return answers[sent - 1] ?? new Response(null, { status: 500 });
  });
  await clock.settle();
  clock.advance(29_999);
  await clock.settle();
  expect(sent).toBe(1);
  clock.advance(5_001);
  await clock.settle();
  expect(sent).toBe(2);
  clock.advance(12_000);
  expect(await (await answer).text()).toBe('done');
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/3[0-5] s/);
});

test('[OPS280] commands that were turned away together do not come back together', async () => {
  const returns: number[] = [];
  for (let seed = 1; seed <= 20; seed += 1) {
    const clock = createFakeClock({ seed });
    const answers = [limited('30'), new Response('done')];
    const answer = sendPatiently({ clock, tell: () => undefined }, async () => {
      returns.push(clock.monotonic());
      return answers.shift() ?? new Response(null, { status: 500 });
    });
    await clock.settle();
    for (let step = 0; step < 360; step += 1) {
      clock.advance(100);
      await clock.settle();
    }
    await answer;
  }
  const behind = returns.filter((at) => at > 0);
  expect(behind).toHaveLength(20);
  expect(new Set(behind).size).toBeGreaterThan(10);
  expect(Math.min(...behind)).toBeGreaterThanOrEqual(30_000);
});

test('[OPS280] it is given up in the end, and every other refusal at once', async () => {
  const clock = createFakeClock();
  let sent = 0;
  const answer = sendPatiently({ clock, tell: () => undefined }, async () => {
    sent += 1;
    return limited('1');
  });
  for (let pause = 0; pause < 20; pause += 1) {
    await clock.settle();
    clock.advance(2_000);
  }
  expect([(await answer).status, sent]).toEqual([429, 11]);
  const refused = await sendPatiently(
    { clock, tell: () => undefined },
    async () => new Response(null, { status: 403 }),
  );
  expect(refused.status).toBe(403);
});
