import { ScriptoriumError } from '../../src/core/errors.ts';
import type { Random } from '../support/random.ts';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';
import { between, fraction } from './random-streams.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** What stands between one run of a node and the stores that all nodes share. */
export interface RequestDeps {
  readonly scheduler: Scheduler;
  readonly life: Life;
  readonly faults: Faults;
  /** Name of the node, by which faults are found. */
  readonly node: string;
  readonly random: Random;
  readonly trace: Trace;
}

/** Sends one request over the network and executes it there, on a node that may be gone when the answer comes. */
export interface StoreRequests {
  /** Executes it once, or not at all; where it fails, whether it was executed is not known. */
  ask<Result>(what: string, execute: () => Result): Promise<Result>;
  /** As `ask`, for what takes time in the store: `execute` is given two ways to end. */
  askSlowly<Result>(what: string, execute: (end: RequestEnd<Result>) => void): Promise<Result>;
  /** Milliseconds of one way, of a commit, and of finding out that nothing comes back. */
  readonly delays: { way(): number; commit(): number; patience(): number };
}

export interface RequestEnd<Result> {
  answer(result: Result): void;
  /** The store answers with an error. */
  refuse(error: unknown): void;
  /** The store does not answer. */
  fail(): void;
}

/** Milliseconds, from and to. */
const WAY = [0.2, 2] as const;
const SLOW_WAY = [20, 400] as const;
const COMMIT = [0.3, 4] as const;
const SLOW_COMMIT = [50, 900] as const;
const PATIENCE = [1, 600] as const;

/** @param down the fault that keeps the store from answering */
export function createStoreRequests(deps: RequestDeps, down: 'store-down' | 'objects-down'): StoreRequests {
  const { scheduler, life, faults, node, random, trace } = deps;
  const span = ([from, to]: readonly [number, number]): number => from + fraction(random) * (to - from);
  const isSlow = (): boolean => down === 'store-down' && faults.has('store-slow', node);
  const delays = {
    way: () => span(isSlow() ? SLOW_WAY : WAY),
    commit: () => span(isSlow() ? SLOW_COMMIT : COMMIT),
    patience: () => span(PATIENCE),
  };

  const reach = (what: string, execute: () => void, fail: () => void): void => {
    scheduler.after(delays.way(), () => {
      // What a process sent before it was killed may still arrive.
      if (!life.alive && random.chance(0.5)) return;
      trace.note(`${node} > ${what}`);
      if (faults.has(down, node)) fail();
      else execute();
    });
  };

  const askSlowly: StoreRequests['askSlowly'] = <Result>(what: string, execute: (end: RequestEnd<Result>) => void) =>
    new Promise<Result>((resolve, reject) => {
      let ended = false;
      const end = (delay: number, how: string, settle: () => void): void => {
        if (ended) return;
        ended = true;
        life.after(delay, () => {
          trace.note(`${node} < ${what}${how}`);
          settle();
        });
      };
      const fail = (): void =>
        end(delays.patience(), ' failed', () =>
          reject(new ScriptoriumError('storage-unavailable', 'the simulated store does not answer')),
        );
      const arrive = (settle: () => void): void => {
        // The connection may break between the commit and its answer.
        if (faults.has(down, node) || (faults.has('store-unsure', node) && random.chance(0.4))) fail();
        else end(delays.way(), '', settle);
      };
      const answer = (result: Result): void => arrive(() => resolve(result));
      const refuse = (error: unknown): void => arrive(() => reject(asError(error)));
      reach(what, () => execute({ answer, refuse, fail }), fail);
    });

  const ask: StoreRequests['ask'] = (what, execute) =>
    askSlowly(what, ({ answer, refuse, fail }) => {
      const run = (): void => {
        try {
          answer(execute());
        } catch (error) {
          refuse(error);
        }
      };
      if (!faults.has('store-unsure', node) || !random.chance(0.15)) {
        run();
        return;
      }
      // The request lies in a queue somewhere while the node gives it up.
      fail();
      scheduler.after(between(random, 1, 1_500), run);
    });

  return { ask, askSlowly, delays };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('not an error', { cause: error });
}
