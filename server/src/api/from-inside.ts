import { createProxyTrust } from '../access/client-address.ts';
import { hasProxyTraces, type RequestOrigin } from './from-this-machine.ts';

const NEAR = createProxyTrust(['loopback', 'private']);

/**
 * Whether a request comes straight from this machine or a private network, as those of a monitor beside the server do,
 * and not through a proxy, as those of the world do.
 */
export function isFromInside(origin: RequestOrigin): boolean {
  const { remoteAddress } = origin;
  return remoteAddress !== undefined && NEAR.trusts(remoteAddress) && !hasProxyTraces(origin);
}
