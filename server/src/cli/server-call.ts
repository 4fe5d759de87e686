import { loadDevelopmentSecret } from '../adapters/jwt/development-secret.ts';
import { signToken } from '../adapters/jwt/sign-token.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { Config } from '../config.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { createPatience, sendPatiently } from './send-patiently.ts';

/** How a command reaches a running server. */
export interface ServerOptions {
  readonly url?: string;
  readonly token?: string;
  readonly tenant: string;
}

/** Seconds for which the token of one command is good. */
const TOKEN_SECONDS = 30 * 60;
const TIMEOUT = 30_000;
const CLI_USER = 'scriptorium-cli';

/** Asks a running server over REST, as an admin of the tenant; what it answers, or `null` for an empty answer. */
export type ServerCall = (method: string, path: string, body?: object) => Promise<unknown>;

/** The server of this configuration, or the one at `--url`; without `--token` one is signed with the server's own secret. */
export async function createServerCall(deps: CliDeps, options: ServerOptions): Promise<ServerCall> {
  const config = deps.readConfig();
  const origin = options.url ?? `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${config.port}`;
  const token = options.token ?? (await signAdminToken(config, options.tenant));
  return async (method, path, body) => {
    const response = await sendPatiently(createPatience(), () =>
      ask(`${origin}/v1${path}`, {
        method,
        signal: AbortSignal.timeout(TIMEOUT),
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    if (response.ok) return text === '' ? null : (JSON.parse(text) as unknown);
    throw new CliError(
      describeRefusal(response.status, text),
      response.status === 503 ? EXIT.unavailable : EXIT.failed,
    );
  };
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new CliError(`no server answers at ${new URL(url).origin}: ${String(error)}`, EXIT.unavailable);
  }
}

function describeRefusal(status: number, text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { readonly title?: string; readonly detail?: string };
    return [title, detail].filter((it) => it !== undefined).join(' ');
  } catch {
    return `the server answered ${status}`;
  }
}

async function signAdminToken({ tokens, dataDir }: Config, tenant: string): Promise<string> {
  if (tokens.secret === null && tokens.keySet !== null)
    throw new CliError('without JWT_SECRET a token of an admin is needed: --token', EXIT.usage);
  const secret = tokens.secret ?? (await loadDevelopmentSecret(dataDir));
  const exp = Math.floor(createSystemClock().now() / 1_000) + TOKEN_SECONDS;
  const { issuer, audience } = tokens;
  return signToken({ secret, issuer, audience }, { sub: CLI_USER, name: CLI_USER, tenant, role: 'admin', exp });
}
