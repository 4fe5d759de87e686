import { ScriptoriumError } from '../../core/errors.ts';
import type { FanOut } from '../../ports/fan-out.ts';
import { createRedisFanOut, type RedisFanOutDeps } from './redis-fan-out.ts';
import { parseRedisUrl } from './redis-url.ts';

/** Opens the fan-out that a URL names, and waits for nothing. Throws with what is wrong about the URL. */
export function openRedisFanOut({ url, ...deps }: { readonly url: string } & Omit<RedisFanOutDeps, 'target'>): FanOut {
  const parsed = parseRedisUrl(url);
  if (parsed.kind === 'invalid') throw new ScriptoriumError('bad-request', `REDIS_URL ${parsed.problem}.`);
  return createRedisFanOut({ ...deps, target: parsed.target });
}
