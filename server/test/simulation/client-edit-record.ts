import { defaultUpdateLimits } from '../../src/core/limits.ts';
import { parseUpdate } from '../../src/core/update-parser.ts';

/** One edit of a client, as what must be in the log before anybody may call it saved. */
export interface ClientEdit {
  /** 1 for the client's first since it has this copy of the document. */
  readonly number: number;
  /** The clock that each clientID must have reached. */
  readonly clocks: readonly (readonly [client: number, clock: number])[];
  /** Clock ranges that must be deleted. */
  readonly deletes: readonly { readonly client: number; readonly clock: number; readonly length: number }[];
  /** Texts that it wrote, which stand nowhere else. */
  readonly markers: readonly string[];
}

/** Reads what an update asks of the log. */
export function readClaims(update: Uint8Array): Pick<ClientEdit, 'clocks' | 'deletes'> {
  const parsed = parseUpdate(update, defaultUpdateLimits);
  if (parsed.kind === 'refuse') throw new Error(`an honest update is refused: ${parsed.detail}`);
  return {
    clocks: parsed.blocks.map(({ client, endClock }) => [client, endClock] as const),
    deletes: parsed.deletes.flatMap(({ client, ranges }) =>
      Array.from({ length: ranges.length / 2 }, (_, index) => ({
        client,
        clock: ranges[2 * index] ?? 0,
        length: ranges[2 * index + 1] ?? 0,
      })),
    ),
  };
}
