import { parseArgs } from 'node:util';

/** What one run of the benchmark does. */
export interface BenchOptions {
  readonly documents: number;
  /** Clients in each document. */
  readonly clients: number;
  /** Edits per client and second. */
  readonly rate: number;
  /** Measured seconds of each round, after the warm-up. */
  readonly seconds: number;
  readonly warmUp: number;
  readonly rounds: number;
  /** Names of the servers to run, in this order. */
  readonly servers: readonly string[];
  readonly jsonFile: string | null;
}

const SERVER_NAMES = ['scriptorium', 'hocuspocus', 'y-websocket', 'relay'] as const;

export const HELP = `npm run bench -- [options]

Runs Scriptorium (embedded, every acknowledgement durable), stock Hocuspocus without storage, the server of
y-websocket 2.1 and a raw relay, one after the other in each round, under the same load, and prints a table.

  --documents N   documents (200)
  --clients N     clients in each document (2)
  --rate N        edits per client and second (5)
  --seconds N     measured seconds of each round (20)
  --warm-up N     seconds of the same load before them (5)
  --rounds N      rounds; the table shows medians (3)
  --servers LIST  comma-separated, of: ${SERVER_NAMES.join(', ')} (all)
  --json FILE     writes every figure of every round to FILE
  --help          this text

Exit code 1 when a target is missed, an edit did not arrive, or one was not acknowledged.
`;

const OPTIONS = {
  documents: { type: 'string', default: '200' },
  clients: { type: 'string', default: '2' },
  rate: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '20' },
  'warm-up': { type: 'string', default: '5' },
  rounds: { type: 'string', default: '3' },
  servers: { type: 'string', default: SERVER_NAMES.join(',') },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the command line; `null` asks for the help text. Throws on anything it does not know. */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
  if (values.help) return null;
  const servers = values.servers.split(',');
  const unknown = servers.find((name) => !SERVER_NAMES.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--servers: there is no ${unknown}`);
  return {
    documents: readCount('documents', values.documents),
    clients: readCount('clients', values.clients),
    rate: readCount('rate', values.rate),
    seconds: readCount('seconds', values.seconds),
    warmUp: readCount('warm-up', values['warm-up']),
    rounds: readCount('rounds', values.rounds),
    servers,
    jsonFile: values.json ?? null,
  };
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name}: not a count: ${text}`);
  return count;
}
