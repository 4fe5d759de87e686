import { actorBytes, forgetActor, holdsBytes } from '../core/forget-actor.ts';
import { kindPrefix } from '../core/object-key.ts';
import { unpackSegment } from '../rooms/read-segment.ts';
import type { ForgetOrder } from './forget-order.ts';
import type { ForgettingDeps } from './forgetting-pass.ts';

const KEYS_PER_PAGE = 100;
/** Milliseconds after which the key is told to sweepers: whoever registered it may still be about to write under it. */
const RETRY = 60 * 60 * 1_000;
/** Bytes of rows that an object of rows may unpack to; none that was written by this program has more. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Removes objects of rows that nothing names and that name the person: what a pass that was cut off had replaced, and what
 * an archiver wrote that a pass overtook. Their keys are taken first, so that nobody can publish them any more.
 */
export async function removeLeftObjects(deps: ForgettingDeps, order: ForgetOrder): Promise<void> {
  const { register } = deps;
  const { id: documentId, tenant } = order.document;
  const prefix = kindPrefix({ kind: 'segment', tenant, documentId });
  for (let after = ''; ;) {
    order.signal.throwIfAborted();
    const keys = await register.listUnnamed(documentId, after, KEYS_PER_PAGE);
    for (const key of keys) if (key.startsWith(prefix)) await removeIfNamed(deps, order, key);
    if (keys.length < KEYS_PER_PAGE) return;
    after = keys.at(-1) ?? after;
  }
}

async function removeIfNamed(deps: ForgettingDeps, order: ForgetOrder, key: string): Promise<void> {
  const { register, snapshots, clock } = deps;
  const bytes = await snapshots.get(key);
  if (bytes === null || !(await mayName(bytes, order))) return;
  if (await register.take(key, clock.now() + RETRY)) await snapshots.remove(key);
}

/** What cannot be unpacked may name anybody. */
async function mayName(bytes: Uint8Array, order: ForgetOrder): Promise<boolean> {
  const run = await unpackSegment({ bytes, rawBytes: MOST_BYTES });
  if (run === null) return true;
  const name = actorBytes(order.subject);
  return run.rows.some(({ payload }) => holdsBytes(payload, name) && forgetActor(payload, order) !== null);
}
