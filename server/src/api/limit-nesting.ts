import type { FastifyRequest } from 'fastify';
import { ScriptoriumError } from '../core/errors.ts';

/** Deeper than any content may be, and far from where what walks through a value by recursion would end the stack. */
const DEPTH_MAX = 500;

/** Hook before a JSON body is looked at: throws `bad-request` for one that is nested without end. */
export async function limitNesting(request: FastifyRequest): Promise<void> {
  if (isDeep(request.body))
    throw new ScriptoriumError('bad-request', `the body is nested deeper than ${DEPTH_MAX} levels`);
}

/** Level by level, without recursion. */
function isDeep(value: unknown): boolean {
  let level: readonly object[] = isNest(value) ? [value] : [];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return true;
    level = level.flatMap((outer) => Object.values(outer).filter(isNest));
  }
  return false;
}

function isNest(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}
