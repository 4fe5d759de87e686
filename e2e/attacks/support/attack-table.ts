import type { Measured } from './run-attack.ts';

/** One case, as both servers met it. */
export interface TableRow {
  readonly name: string;
  ours: Measured | null;
  stock: Measured | null;
  /** What is wrong with the stock server's answer, documents that it could not load again included. */
  readonly stockFailures: string[];
}

const COLUMNS = [
  'attack',
  'our answer',
  'CPU ms',
  'MB',
  'worst ms',
  'stock',
  'CPU ms',
  'MB',
  'worst ms',
  'its failures',
];
const WIDEST = 60;

/** The table of all cases: what each did to our server, and to stock Hocuspocus. */
export function formatTable(rows: readonly TableRow[]): string {
  const cells = rows.map(({ name, ours, stock, stockFailures }) =>
    [name, ...figures(ours), ...figures(stock), stockFailures.join('; ')].map((cell) => shorten(cell)),
  );
  const widths = COLUMNS.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  return [COLUMNS, ...cells]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(' | ')
        .trimEnd(),
    )
    .join('\n');
}

function figures(measured: Measured | null): readonly string[] {
  if (measured === null) return ['', '', '', ''];
  const { answer, cpu, megabytes, worst } = measured;
  return [answer, ...[cpu, megabytes, worst].map((figure) => String(Math.round(figure)))];
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > WIDEST ? `${line.slice(0, WIDEST - 1)}…` : line;
}
