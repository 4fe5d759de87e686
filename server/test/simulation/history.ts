import { describeOperation, planOperations, type Operation, type Size } from './operations.ts';
import type { Plant } from './plants.ts';
import { runSimulation, type Report } from './simulation.ts';

/** One history: a seed, its size, and which operations of its plan are played. */
export interface History {
  readonly seed: number;
  /** 0 but where a shorter history needs other chances to fail. */
  readonly noise: number;
  readonly size: Size;
  readonly plant: Plant | null;
  /** Numbers of the operations that are played, from 0 on; `null` for all. */
  readonly kept: readonly number[] | null;
}

/**
 * The size of a history of the suite. Every second seed has two documents, so that flushes are shared; every tenth has
 * so many clients in one that what they write is collected before it is sent on.
 */
export function sizeOf(seed: number, operations = 300): Size {
  const crowded = seed % 10 === 0;
  return { operations, clients: crowded ? 14 : 5, nodes: 3, documents: crowded ? 1 : 1 + (seed % 2) };
}

/** The operations that a history plays; what is left out leaves its wait behind, so that the others keep their time. */
export function operationsOf({ seed, size, kept }: History): readonly Operation[] {
  const planned = planOperations(seed, size);
  if (kept === null) return planned;
  const wanted = new Set(kept);
  let wait = 0;
  return planned.flatMap((operation, number) => {
    wait += operation.wait;
    if (!wanted.has(number)) return [];
    const played = { ...operation, wait };
    wait = 0;
    return [played];
  });
}

export function playHistory(history: History, keepLines = false): Promise<Report> {
  const { seed, noise, size, plant } = history;
  return runSimulation({ seed, noise, size, plant, operations: operationsOf(history), keepLines });
}

/** Operations that are listed, the last ones, of a history that cannot be shortened. */
const SHOWN = 60;

/** What somebody needs who wants to know why a history failed. */
export function describeFailure(history: History, report: Report): string {
  const kept = history.kept ?? [];
  const list = operationsOf(history).map(
    (operation, index) => `  ${kept[index] ?? index}: ${describeOperation(operation)}`,
  );
  return [
    `seed ${history.seed}: ${report.findings[0] ?? 'nothing was found'}`,
    ...report.findings.slice(1, 4).map((finding) => `  and ${finding}`),
    `  ${list.length} of ${history.size.operations} operations are needed for it:`,
    ...list.slice(-SHOWN),
    `  replay: ${replayCommand(history)}`,
  ].join('\n');
}

/** The command that plays a history again and prints each of its events. */
export function replayCommand({ seed, noise, size, plant, kept }: History): string {
  const options = [`--seed ${seed}`];
  if (size.operations !== sizeOf(seed).operations) options.push(`--operations ${size.operations}`);
  if (noise !== 0) options.push(`--noise ${noise}`);
  if (plant !== null) options.push(`--plant ${plant}`);
  if (kept !== null) options.push(`--keep ${kept.length === 0 ? 'none' : kept.join()}`);
  return `node server/test/simulation/main.ts ${options.join(' ')}`;
}
