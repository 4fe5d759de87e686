import type { LoadResult } from './load-plan.ts';
import { median } from './samples.ts';

/** Figures of one server in one round. */
export interface Measurement extends LoadResult {
  readonly server: string;
  readonly title: string;
  readonly round: number;
  readonly readyAfterMs: number;
  readonly idleMegabytes: number;
  /** What went over Redis for each edit; `null` without Redis. */
  readonly publishesPerEdit: number | null;
  /** Without those of nodes that nobody edits at. */
  readonly addedPublishesPerEdit: number | null;
  readonly redisBytesPerEdit: number | null;
}

interface Row {
  readonly label: string;
  readonly digits: number;
  readonly read: (measurement: Measurement) => number | null;
}

const ROWS: readonly Row[] = [
  { label: 'server CPU, µs/edit', digits: 1, read: (it) => it.serverCpuPerEdit },
  { label: 'server CPU, % of a core', digits: 1, read: (it) => it.serverCpuShare * 100 },
  { label: 'edit to peer, p50 ms', digits: 2, read: (it) => it.peer?.p50 ?? null },
  { label: 'edit to peer, p95 ms', digits: 2, read: (it) => it.peer?.p95 ?? null },
  { label: 'edit to peer, p99 ms', digits: 2, read: (it) => it.peer?.p99 ?? null },
  { label: 'edit to other node, p50 ms', digits: 2, read: (it) => it.otherNode?.p50 ?? null },
  { label: 'edit to other node, p99 ms', digits: 2, read: (it) => it.otherNode?.p99 ?? null },
  { label: 'publishes per edit', digits: 2, read: (it) => it.publishesPerEdit },
  { label: 'added to those of idle nodes', digits: 2, read: (it) => it.addedPublishesPerEdit },
  { label: 'Redis bytes per edit', digits: 0, read: (it) => it.redisBytesPerEdit },
  { label: 'acknowledgement, p50 ms', digits: 2, read: (it) => it.acknowledgement?.p50 ?? null },
  { label: 'acknowledgement, p95 ms', digits: 2, read: (it) => it.acknowledgement?.p95 ?? null },
  { label: 'acknowledgement, p99 ms', digits: 2, read: (it) => it.acknowledgement?.p99 ?? null },
  { label: 'memory idle, MB', digits: 1, read: (it) => it.idleMegabytes },
  { label: 'memory under load, MB', digits: 1, read: (it) => it.residentMegabytes },
  { label: 'start to ready, ms', digits: 0, read: (it) => it.readyAfterMs },
  { label: 'generator CPU, % of a core', digits: 1, read: (it) => it.generatorCpuShare * 100 },
  { label: 'generator late, p99 ms', digits: 2, read: (it) => it.sendLagP99 },
];

/** Medians over the rounds, a column per server, with the ratio to the first column in parentheses. */
export function renderTable(measurements: readonly Measurement[]): string {
  const titles = [...new Set(measurements.map((it) => it.title))];
  const lines = [['', ...titles]];
  for (const { label, digits, read } of ROWS) {
    const values = titles.map((title) => median(measurements.filter((it) => it.title === title).map(read)));
    if (values.every((value) => value === null)) continue;
    lines.push([
      label,
      ...values.map((value, column) => renderCell(value, { base: values[0] ?? null, digits, column })),
    ]);
  }
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join('  ')).join('\n');
}

function renderCell(
  value: number | null,
  { base, digits, column }: { readonly base: number | null; readonly digits: number; readonly column: number },
): string {
  if (value === null) return '–';
  const ratio = column === 0 || base === null || base === 0 ? '' : ` (×${(value / base).toFixed(2)})`;
  return value.toFixed(digits) + ratio;
}

/** A promise of the project, and whether this run kept it. */
export interface Target {
  readonly promise: string;
  readonly met: boolean;
  readonly seen: string;
}

/** Checks the medians against what the project promises for the suite. */
export function checkTargets(
  measurements: readonly Measurement[],
  targets: (read: (server: string, read: Row['read']) => number | null) => readonly (Target | null)[],
): readonly Target[] {
  const read = (server: string, figure: Row['read']): number | null =>
    median(measurements.filter((it) => it.server === server).map(figure));
  const lost = measurements.filter((it) => it.undelivered + it.unacknowledged > 0);
  const seen = lost.map((it) => `${it.title}: ${it.undelivered} undelivered, ${it.unacknowledged} unacknowledged`);
  return [
    ...targets(read).filter((target) => target !== null),
    { promise: 'every edit arrives, and is acknowledged', met: lost.length === 0, seen: seen.join('; ') },
  ];
}

/** The promise that a figure stays below a limit; `null` when the figure was not measured. */
export function atMost(promise: string, value: number | null, limit: number | null): Target | null {
  if (value === null || limit === null) return null;
  return { promise, met: value <= limit, seen: `${value.toFixed(2)} of ${limit.toFixed(2)}` };
}
