import * as encoding from 'lib0/encoding';
import { defaultUpdateLimits } from './limits.ts';
import { parseUpdate } from './update-parser.ts';
import { parseStateVector } from './update-state-vector.ts';

/**
 * The state vector of what is committed: that of the live state, less the structs of updates that are not in the log
 * yet. Takes and returns Yjs's encoding.
 */
export function committedStateVector(live: Uint8Array, uncommitted: readonly Uint8Array[]): Uint8Array {
  if (uncommitted.length === 0) return live;
  const parsed = parseStateVector(live, Number.MAX_SAFE_INTEGER);
  if ('kind' in parsed) throw new Error('a state vector of our own cannot be read');
  const clocks = new Map(parsed);
  for (const update of uncommitted) {
    const { blocks } = parseOwn(update);
    for (const { client, clock } of blocks) clocks.set(client, Math.min(clock, clocks.get(client) ?? clock));
  }
  return encodeClocks([...clocks].filter(([, clock]) => clock > 0));
}

function parseOwn(update: Uint8Array) {
  const parsed = parseUpdate(update, defaultUpdateLimits);
  if (parsed.kind === 'refuse') throw new Error('an update that passed the gate cannot be read');
  return parsed;
}

function encodeClocks(entries: readonly (readonly [number, number])[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const [client, clock] of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
  }
  return encoding.toUint8Array(encoder);
}
