import { z } from 'zod';
import { isProxyEntry } from './access/client-address.ts';
import { LIMIT_VARIABLES, PRESENCE_VARIABLES } from './config-limit-variables.ts';
import { EVENT_VARIABLES } from './config-event-variables.ts';
import { STORE_VARIABLES } from './config-store-variables.ts';
import { TOKEN_VARIABLES } from './config-token-variables.ts';
import { integer, variable } from './config-variable.ts';

/** Origins as browsers send them; `*` stands for any. */
function parseOrigins(text: string, context: z.RefinementCtx): readonly string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  return entries
    .filter((entry) => entry !== '')
    .map((entry) => {
      if (entry === '*') return entry;
      const url = URL.canParse(entry) ? new URL(entry) : null;
      if (url?.origin !== entry.toLowerCase().replace(/\/$/, '')) {
        context.addIssue({ code: 'custom', message: `must list origins like https://app.example.org, not "${entry}"` });
      }
      return url?.origin ?? entry;
    });
}

function parseProxies(text: string, context: z.RefinementCtx): readonly string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  const given = entries.filter((entry) => entry !== '');
  for (const entry of given) {
    if (isProxyEntry(entry)) continue;
    context.addIssue({ code: 'custom', message: `must list addresses and networks, not "${entry}"` });
  }
  return given;
}

/** Every variable the server reads, in the order of the table. */
export const VARIABLES = {
  HOST: variable(z.string().max(255).default('127.0.0.1'), '127.0.0.1', 'Address to listen on.'),
  PORT: integer({ from: 0, to: 65_535, fallback: 8787 }, 'Port for HTTP and WebSocket; 0 takes a free one.'),
  DATA_DIR: variable(z.string().default('.data'), '.data', 'Directory of the embedded store, made if it is not there.'),
  ...STORE_VARIABLES,
  ...TOKEN_VARIABLES,
  VERSION_MINUTES: integer(
    { from: 0, to: 525_600, fallback: 60 },
    'Minutes after which an edited document gets a version by itself, also when its last editor leaves; 0: not by time.',
  ),
  VERSION_ROWS: integer(
    { from: 0, to: 10_000_000, fallback: 2_000 },
    'Rows of the log (what one commit brings to a document) after which it gets a version by itself; 0: not by amount.',
  ),
  ...EVENT_VARIABLES,
  ALLOWED_ORIGINS: variable(
    z.string().default('').transform(parseOrigins),
    '',
    "Web origins that may connect besides the server's own, separated by commas; `*` for any. Clients that send no Origin always may.",
  ),
  TRUSTED_PROXIES: variable(
    z.string().default('').transform(parseProxies),
    '',
    'Addresses and networks of the proxies in front, separated by commas (`10.0.0.7`, `10.0.0.0/8`, `loopback`, `private`); `X-Forwarded-For` and `X-Forwarded-Proto` of these alone are believed.',
  ),
  LOG_LEVEL: variable(
    z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    'info',
    'Least level that is logged: debug, info, warn, error or silent.',
  ),
  METRICS_TENANTS: integer(
    { from: 0, to: 10_000, fallback: 100 },
    'Tenants that metrics name, the first that come; the rest is counted as `_other`. Nine series each.',
  ),
  ...PRESENCE_VARIABLES,
  ...LIMIT_VARIABLES,
  SCRIPTORIUM_TEST_APPEND_DELAY_MS: integer(
    { from: 0, to: 60_000, fallback: 0 },
    'For tests: milliseconds to wait before each commit.',
  ),
  SHUTDOWN_PAUSE_SECONDS: integer(
    { from: 0, to: 300, fallback: 0 },
    'How long a stop goes on serving while `/readyz` says that it goes away, so that a load balancer sends nobody here any more; twice the interval of its checks.',
  ),
  SHUTDOWN_TIMEOUT_SECONDS: integer(
    { from: 1, to: 600, fallback: 10 },
    'Longest time a stop may take, the pause included, whatever is down.',
  ),
} as const;

export type VariableName = keyof typeof VARIABLES;

/** Variables whose value may be read from a file, named by the same variable with `_FILE` behind it. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'DATABASE_URL_DIRECT',
  'DATABASE_REPLICA_URL',
  'REDIS_URL',
  'AWS_SECRET_ACCESS_KEY',
  'JWT_SECRET',
  'MEILI_API_KEY',
] as const satisfies readonly VariableName[];

/** Variables that are not read yet but change nothing about the stored documents: worth a line in the log only. */
export const IGNORED_VARIABLES: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'this version exports no traces yet; /metrics is there',
};
