import { isIP } from 'node:net';
import { z } from 'zod';
import { integer, variable } from './config-variable.ts';

/** Networks as `10.1.0.0/16`, separated by commas. */
function parseNetworks(text: string, context: z.RefinementCtx): readonly string[] {
  const networks = text
    .split(',')
    .map((it) => it.trim())
    .filter((it) => it !== '');
  for (const network of networks) {
    if (!isNetwork(network)) {
      context.addIssue({ code: 'custom', message: `must list networks like 10.1.0.0/16, not "${network}"` });
    }
  }
  return networks;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  if (most === undefined || bits === undefined || rest.length > 0) return false;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}

/** What is told of documents, and how far. */
export const EVENT_VARIABLES = {
  WEBHOOK_ALLOWED_NETWORKS: variable(
    z.string().default('').transform(parseNetworks),
    '',
    'Private networks that webhooks may lead into, as `10.1.0.0/16`, separated by commas; only there without TLS. The public internet is always allowed.',
  ),
  EVENTS_QUIET_SECONDS: integer(
    { from: 1, to: 3_600, fallback: 5 },
    'How long a document has to rest before its changes are told of; one that never rests is told of after five times as long.',
  ),
  EVENTS_KEEP_DAYS: integer(
    { from: 1, to: 365, fallback: 7 },
    'Days for which events, and what became of their deliveries, are kept; what a paused webhook is owed ends with them.',
  ),
} as const;
