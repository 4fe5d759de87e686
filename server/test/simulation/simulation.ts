import './instant-compression.ts';
import { checkAtRest } from './checker.ts';
import { describeError } from './cluster.ts';
import { createWorld } from './create-world.ts';
import type { Operation, Size } from './operations.ts';
import { createOperator } from './operator.ts';
import type { Plant } from './plants.ts';
import { createRandomStreams } from './random-streams.ts';
import { createScheduler } from './scheduler.ts';
import { replaceGlobals } from './virtual-globals.ts';
import type { Counts, World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Another one gives the same operations other delays, losses and outcomes. */
  readonly noise: number;
  readonly size: Size;
  readonly operations: readonly Operation[];
  readonly plant: Plant | null;
  /** Whether the report tells every event. */
  readonly keepLines: boolean;
}

/** How a run ended. */
export interface Report {
  readonly seed: number;
  /** Two runs with the same options have the same. */
  readonly digest: string;
  /** What was found, the first thing first; empty when all held. */
  readonly findings: readonly string[];
  readonly lines: readonly string[];
  readonly counts: Readonly<Counts>;
}

/** Virtual milliseconds between the end of all faults and the moment in which everything must be equal. */
const QUIET = 5_000;
/** Virtual milliseconds in which everybody finds a place before anything goes wrong. */
const START = 100;
/** How often the end looks whether a late deletion has come. */
const LOOK = 100;

/** Runs one history to its end. The same options give the same run, byte by byte. */
export async function runSimulation(options: RunOptions): Promise<Report> {
  const findings: string[] = [];
  const streams = createRandomStreams(options.seed, options.noise);
  const scheduler = createScheduler((error) => {
    findings.push(`an error reached the top: ${describeError(error)}`);
  });
  const onUnhandled = (error: unknown): void => void findings.push(`nobody handled ${describeError(error)}`);
  const restore = replaceGlobals(scheduler, streams.stream('globals'));
  process.on('unhandledRejection', onUnhandled);
  try {
    const world = createWorld(options, { streams, scheduler, find: (finding) => void findings.push(finding) });
    await play(world, options.operations, findings);
    for (const finding of findings) world.trace.note(`FOUND ${finding}`);
    const { trace, counts } = world;
    return { seed: options.seed, digest: trace.digest(), findings, lines: trace.lines, counts };
  } finally {
    process.off('unhandledRejection', onUnhandled);
    restore();
  }
}

async function play(world: World, operations: readonly Operation[], findings: readonly string[]): Promise<void> {
  const { scheduler, trace, faults, cluster, clients } = world;
  const operator = createOperator(world);
  for (const client of clients) client.start();
  await scheduler.runUntil(START);
  for (const operation of operations) {
    await scheduler.runUntil(scheduler.now + operation.wait);
    if (findings.length > 0) return;
    trace.note(`operation ${operation.kind}`);
    operator.perform(operation);
  }
  trace.note('faults end');
  const healed = scheduler.now;
  faults.heal();
  cluster.heal();
  for (const client of clients) client.start();
  // A deletion that was under way may still come; it is answered by a new document, and the rest begins anew.
  for (let restUntil = healed + QUIET; scheduler.now < restUntil;) {
    if (operator.reviveDocuments()) world.changed.names = scheduler.now;
    restUntil = Math.max(healed, world.changed.names) + QUIET;
    await scheduler.runUntil(Math.min(restUntil, scheduler.now + LOOK));
  }
  if (findings.length === 0) await checkAtRest(world);
}
