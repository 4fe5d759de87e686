import { parseArgs } from 'node:util';
import { SUITES } from './suites.ts';

/** What one run of the benchmark does. */
export interface BenchOptions {
  /** Names of suites, in their order. */
  readonly suites: readonly string[];
  /** Measured seconds of each round, after the warm-up. */
  readonly seconds: number;
  readonly warmUp: number;
  readonly rounds: number;
  /** Names of the servers to run; `null`: all of each suite. */
  readonly servers: readonly string[] | null;
  readonly jsonFile: string | null;
}

export const HELP = `npm run bench -- [options]

Puts Scriptorium and its peers, one after the other in each round, under the same load, and prints a table with ratios
for each suite. Acknowledgements of Scriptorium are durable; those of stock Hocuspocus are not.

  --suites LIST   comma-separated (all):
${Object.entries(SUITES)
  .map(([name, { title }]) => `                    ${name.padEnd(12)}${title}`)
  .join('\n')}
                    cold        opening documents that no node has open
                    search      ten thousand documents: filling the index, searching, finding what was just written
                    rest        reading and writing a document of 100 KB over REST
  --servers LIST  comma-separated, of: scriptorium, hocuspocus, y-websocket, relay (all that a suite has)
  --seconds N     measured seconds of each round (15)
  --warm-up N     seconds of the same load before them, in which V8 compiles (12)
  --rounds N      rounds; the tables show medians (3)
  --json FILE     writes every figure of every round to FILE
  --help          this text

Exit code 1 when a target is missed, an edit did not arrive, or one was not acknowledged.
`;

/** The suites that are no load. */
export const COLD_SUITE = 'cold';
export const SEARCH_SUITE = 'search';
/** The suite of REST calls. */
export const REST_SUITE = 'rest';
const OTHER_SUITES: readonly string[] = [COLD_SUITE, SEARCH_SUITE, REST_SUITE];

const OPTIONS = {
  suites: { type: 'string', default: [...Object.keys(SUITES), ...OTHER_SUITES].join(',') },
  servers: { type: 'string' },
  seconds: { type: 'string', default: '15' },
  'warm-up': { type: 'string', default: '12' },
  rounds: { type: 'string', default: '3' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the command line; `null` asks for the help text. Throws on anything it does not know. */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
  if (values.help) return null;
  const suites = values.suites.split(',');
  const unknown = suites.find((name) => !OTHER_SUITES.includes(name) && !Object.hasOwn(SUITES, name));
  if (unknown !== undefined) throw new Error(`--suites: there is no ${unknown}`);
  return {
    suites,
    seconds: readCount('seconds', values.seconds),
    warmUp: readCount('warm-up', values['warm-up']),
    rounds: readCount('rounds', values.rounds),
    servers: values.servers?.split(',') ?? null,
    jsonFile: values.json ?? null,
  };
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name}: not a count: ${text}`);
  return count;
}
