import type { FastifyReply, FastifyRequest } from 'fastify';
import { networkOf, readClientAddress, type ProxyTrust } from '../access/client-address.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { Metrics } from '../ports/telemetry.ts';
import type { RateWindow, RateWindows } from '../ports/rate-windows.ts';
import type { Identity } from '../ports/token-verifier.ts';

/** Requests per minute; infinite where there is no limit. */
export interface RequestRates {
  readonly requestsPerMinute: number;
  readonly anonymousPerMinute: number;
}

/** Counts requests by who sends them: users by their token, everybody else by network address. */
export interface RequestLimits {
  /** Counts a request of somebody whose token is good. Throws `rate-limited` beyond the limit. */
  takeForUser(identity: Identity, reply: FastifyReply): Promise<void>;
  /** Counts a request without a good token. Throws `rate-limited` beyond the limit. */
  takeForStranger(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

const MINUTE = 60;

/** A window, and how answers name it. */
interface Policy {
  readonly name: string;
  readonly quota: number;
  readonly window: RateWindow;
}

export function createRequestLimits(deps: {
  readonly windows: RateWindows;
  readonly rates: RequestRates;
  readonly proxies: ProxyTrust;
  readonly metrics: Metrics;
}): RequestLimits {
  const { windows, rates, proxies, metrics } = deps;
  const open = (name: string, quota: number): Policy | null =>
    quota === Infinity
      ? null
      : { name, quota, window: windows.open({ name, points: quota, seconds: MINUTE, counts: 'fitting' }) };
  const user = open('user', rates.requestsPerMinute);
  const anonymous = open('anonymous', rates.anonymousPerMinute);
  const take = async (policy: Policy | null, key: string, reply: FastifyReply): Promise<void> => {
    if (policy === null) return;
    const { allowed, remaining, resetAfter } = await policy.window.take(key, 1);
    const seconds = Math.ceil(resetAfter / 1_000);
    // RateLimit header fields for HTTP, draft 10 of the IETF's HTTPAPI group.
    reply.header('ratelimit-policy', `"${policy.name}";q=${policy.quota};w=${MINUTE}`);
    reply.header('ratelimit', `"${policy.name}";r=${remaining};t=${seconds}`);
    if (allowed) return;
    metrics.count('requests_limited_total');
    reply.header('retry-after', String(Math.max(1, seconds)));
    throw new ScriptoriumError('rate-limited', `${policy.quota} requests a minute; wait ${seconds} seconds`);
  };
  return {
    takeForUser: async ({ tenant, user: id }, reply) => {
      try {
        await take(user, `${tenant}/${id}`, reply);
      } catch (error) {
        metrics.tenant(tenant).add('tenant_requests_refused_total');
        throw error;
      }
    },
    takeForStranger: ({ raw }, reply) => {
      const peer = raw.socket.remoteAddress ?? '';
      const address = readClientAddress(peer, raw.headers['x-forwarded-for'], proxies);
      return take(anonymous, networkOf(address), reply);
    },
  };
}
