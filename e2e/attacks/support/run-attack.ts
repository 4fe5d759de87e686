import { setTimeout as sleep } from 'node:timers/promises';
import { readCpuMicroseconds, readResidentMegabytes } from '../../bench/process-stats.ts';
import { withDeadline } from '../../support/wait-until.ts';
import type { Attack, Verdict } from './attack.ts';
import type { AttackTarget } from './attack-target.ts';
import { type Canary, quantile } from './canary.ts';
import type { CanaryRun } from './canary-messages.ts';
import { Ground, HONEST } from './ground.ts';

/** What one attack did to one server. */
export interface Measured extends Verdict {
  /** CPU time of the server, in milliseconds. */
  readonly cpu: number;
  /** The most by which its resident memory grew, in MB. */
  readonly megabytes: number;
  /** Round trips of the innocent client, in milliseconds. */
  readonly worst: number;
  readonly p99: number;
}

/** What a server may be pushed to. */
export interface Lines {
  /** Milliseconds of an innocent client's round trip. */
  readonly p99: number;
  readonly megabytes: number;
}

/** The lines that no attack may push a server over. */
export const LINES: Lines = { p99: 200, megabytes: 150 };

export interface AttackRun {
  readonly target: AttackTarget;
  readonly canary: Canary;
  readonly attack: Attack;
  readonly document: string;
  /** A server that an attack keeps busy for longer is ended. */
  readonly patienceMs: number;
}

/** So long the innocent client types at least; a stock server's figures need not stand for anything. */
const LEAST_MS = { ours: 300, stock: 60 } as const;

/** Runs one attack against a server that runs, while the innocent client types in another document. */
export async function runAttack(run: AttackRun): Promise<Measured> {
  const { target, canary, attack, patienceMs } = run;
  const ground = new Ground(target, run.document);
  await ground.prepare();
  const { pid } = target.process();
  const before = { megabytes: readResidentMegabytes(pid), cpu: readCpuMicroseconds(pid) };
  await canary.begin(pid);
  const [verdict] = await Promise.all([attempt(attack, ground, patienceMs), sleep(LEAST_MS[target.kind])]);
  const met = await canary.end(patienceMs);
  const isUp = target.process().exit === null;
  const cpu = isUp ? (readCpuMicroseconds(pid) - before.cpu) / 1_000 : 0;
  const problems = [...verdict.problems, ...findHarm(met, isUp)];
  if (isUp && problems.length === 0) problems.push(...(await findLoss(ground)));
  await ground.leave();
  return {
    answer: isUp ? verdict.answer : 'the process ended',
    problems,
    cpu,
    megabytes: Math.max(0, met.peakMegabytes - before.megabytes),
    worst: quantile(met.trips, 1),
    p99: quantile(met.trips, 0.99),
  };
}

/** An attack that cannot go on has met a server that is gone or blocked; that is a finding as well. */
async function attempt(attack: Attack, ground: Ground, patienceMs: number): Promise<Verdict> {
  try {
    return await withDeadline(attack.run(ground), { what: attack.name, timeoutMs: patienceMs });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { answer: 'no answer', problems: [words.length > 90 ? `${words.slice(0, 90)}…` : words] };
  }
}

function findHarm(met: CanaryRun, isUp: boolean): string[] {
  if (!isUp) return ['the process ended'];
  if (met.lost) return ['the innocent client was cut off'];
  return [
    ...(met.unseen > 0 ? [`${met.unseen} keystrokes of the innocent client never arrived`] : []),
    ...(met.unacknowledged > 0 ? [`${met.unacknowledged} of them were not acknowledged`] : []),
  ];
}

async function findLoss(ground: Ground): Promise<readonly string[]> {
  const text = await ground.readText();
  return text.includes(HONEST) ? [] : ["the honest author's text is gone"];
}

/** What of the measured is over a line. */
export function findExcess({ p99, megabytes }: Measured, lines = LINES): readonly string[] {
  return [
    ...(p99 > lines.p99 ? [`p99 ${Math.round(p99)} ms`] : []),
    ...(megabytes > lines.megabytes ? [`+${Math.round(megabytes)} MB`] : []),
  ];
}
