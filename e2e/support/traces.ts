import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from './scriptorium-server.ts';

/** One keystroke or so: `patches` apply to the merge of the states after `parents`. */
export interface TraceTransaction {
  readonly parents: readonly number[];
  readonly agent: number;
  /** Position, deleted length, inserted text; positions in Unicode characters. */
  readonly patches: readonly (readonly [number, number, string])[];
}

/** A recorded session of people typing together in one text. */
export interface Trace {
  readonly name: string;
  readonly endContent: string;
  readonly numAgents: number;
  readonly txns: readonly TraceTransaction[];
}

export const TRACE_NAMES = ['friendsforever', 'clownschool'] as const;

/** Reads a recording from `TEST_FIXTURES/traces`, or from the fixtures beside the repository. */
export async function loadTrace(name: string): Promise<Trace> {
  const fixtures = process.env['TEST_FIXTURES'] ?? join(ROOT, '..', 'shared');
  const packed = await readFile(join(fixtures, 'traces', `${name}.json.gz`));
  const trace = JSON.parse(gunzipSync(packed).toString('utf8')) as Omit<Trace, 'name'>;
  // Positions count Unicode characters and Y.Text counts UTF-16 units; they are the same as long as this holds.
  for (const { patches } of trace.txns) {
    if (patches.some(([, , text]) => /[\ud800-\udfff]/.test(text)))
      throw new Error(`${name}: characters beyond the BMP`);
  }
  return { ...trace, name };
}
