import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { mintToken } from '../../support/tokens.ts';
import { ChaosWriter } from './chaos-writer.ts';
import type { History } from './history.ts';

/** People who type without a break until they are told to stop. */
export interface Typing {
  readonly writers: readonly ChaosWriter[];
  /** Ends the typing; the clients stay. */
  stop(): Promise<void>;
  /** Takes the clients away. */
  leave(): void;
}

export interface TypingPlan {
  readonly history: History;
  readonly random: SeededRandom;
  readonly documents: readonly string[];
  /** People in each document. */
  readonly people: number;
  /** Where a person connects. */
  readonly urlOf: (person: number) => string;
  /** Longest pause between two keystrokes of a person, in milliseconds. */
  readonly pauseMs: number;
}

/** Opens everybody, waits until all are synced, and lets them type. */
export async function startTyping(plan: TypingPlan): Promise<Typing> {
  const token = await mintToken({ sub: 'chaos' });
  const places = plan.documents.flatMap((document) =>
    Array.from({ length: plan.people }, (_, person) => ({ document, person })),
  );
  const writers = places.map(
    ({ document, person }) =>
      new ChaosWriter({
        url: plan.urlOf(person),
        document,
        name: `${document}-${person}`,
        token,
        history: plan.history,
      }),
  );
  await Promise.all(writers.map((writer) => writer.client.ready()));
  let typing = true;
  const loops = writers.map(async (writer) => {
    while (typing) {
      writer.type();
      await sleep(1 + plan.random.below(plan.pauseMs));
    }
  });
  return {
    writers,
    async stop() {
      typing = false;
      await Promise.all(loops);
    },
    leave() {
      for (const writer of writers) writer.client.destroy();
    },
  };
}
