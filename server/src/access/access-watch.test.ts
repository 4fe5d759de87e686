import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { createAccessWatch } from './access-watch.ts';

/** A watch whose store answers when the test says. */
function fixture() {
  const questions: ((revision: number) => void)[] = [];
  const watch = createAccessWatch({
    access: { apply: () => undefined, applyAll: () => undefined, forget: () => undefined },
    changes: {
      readRevision: () => new Promise((resolve) => void questions.push(resolve)),
      readChangesSince: (revision) => Promise.resolve({ kind: 'changes', revision: revision + 1, changes: [] }),
    },
    hints: { publish: () => undefined, subscribe: () => () => undefined },
    keyRing: { flushUse: () => Promise.resolve() },
    clock: createFakeClock(),
    telemetry: createSilentTelemetry(),
  });
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const answer = async (revision: number): Promise<void> => {
    questions.at(-1)?.(revision);
    await turn();
  };
  return { watch, questions, answer };
}

describe('access watch', () => {
  it('[AUTH261] nobody waits for more than the look under way and one more, however many ask meanwhile', async () => {
    const { watch, questions, answer } = fixture();
    const done: string[] = [];
    const ask = (who: string) => watch.look().then(() => done.push(who));
    const asked = [ask('first')];
    for (let round = 0; round < 3; round += 1) {
      await answer(round);
      asked.push(ask(`during ${round}`));
    }
    expect(done).toEqual(['first', 'during 0']);
    await answer(4);
    await answer(4);
    await Promise.all(asked);
    expect(questions).toHaveLength(5);
  });

  it('[AUTH261] who asks while a look is under way shares the next one, since this one may have read before', async () => {
    const { watch, questions, answer } = fixture();
    const done: string[] = [];
    const asked = ['a', 'b', 'c'].map((who) => watch.look().then(() => done.push(who)));
    await answer(0);
    expect(done).toEqual([]);
    expect(questions).toHaveLength(2);
    await answer(0);
    await Promise.all(asked);
    expect(done).toEqual(['a', 'b', 'c']);
    expect(questions).toHaveLength(2);
  });
});
