import type { Command } from 'commander';
import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import { loadDevelopmentSecret } from '../adapters/jwt/development-secret.ts';
import { signToken } from '../adapters/jwt/sign-token.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { createPatience, sendPatiently } from './send-patiently.ts';

/** Options of every command that talks to a running server. */
export interface ServerOptions {
  readonly server?: string;
  readonly token?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

/** A running server, as a command sees it. */
export interface ApiConnection {
  /** Sends a request; throws a `CliError` for anything but success. */
  send(path: string, options?: RequestInit): Promise<Response>;
  sendJson<T>(path: string, options?: RequestInit): Promise<T>;
}

/** Milliseconds that the server has for the beginning of an answer. */
const PATIENCE = 60_000;
/** Milliseconds that a token is good for which a command signs for itself. */
const TOKEN_LIFETIME = 24 * 60 * 60 * 1_000;

/** Adds the options with which a command finds its server. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--server <url>', 'address of the server; by default the one that HOST and PORT name')
    .option('--token <token>', 'token or API key; without it one is signed with JWT_SECRET')
    .option('--tenant <tenant>', 'tenant, where no token is given', DEFAULT_TENANT)
    .option('--json', 'print JSON');
}

export async function connectToServer(deps: CliDeps, options: ServerOptions): Promise<ApiConnection> {
  const config = deps.readConfig();
  const server = (options.server ?? `http://${config.host}:${config.port}`).replace(/\/$/, '');
  if (!URL.canParse(server)) throw new CliError(`--server ${server} is no address`, EXIT.usage);
  const token = options.token ?? (await makeToken(deps, options.tenant));
  const send: ApiConnection['send'] = async (path, request = {}) => {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${token}`);
    const response = await sendPatiently(createPatience(), () => reach(`${server}/v1${path}`, { ...request, headers }));
    if (response.ok) return response;
    throw await toCliError(response);
  };
  return {
    send,
    sendJson: async <T>(path: string, request?: RequestInit) => (await (await send(path, request)).json()) as T,
  };
}

async function reach(url: string, request: RequestInit): Promise<Response> {
  const controller = new AbortController();
  const timer = createSystemClock().after(PATIENCE, () => controller.abort());
  try {
    return await fetch(url, { ...request, signal: controller.signal });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CliError(`${new URL(url).origin} does not answer: ${cause}`, EXIT.unavailable);
  } finally {
    timer.cancel();
  }
}

async function toCliError(response: Response): Promise<CliError> {
  const problem = (await response.json().catch(() => ({}))) as { readonly title?: string; readonly detail?: string };
  const message = problem.detail ?? problem.title ?? `the server answered ${response.status}`;
  return new CliError(message, response.status === 503 ? EXIT.unavailable : EXIT.failed);
}

/** Who has the server's secret may do anything with its documents anyway. */
async function makeToken({ readConfig }: CliDeps, tenant: string): Promise<string> {
  const { tokens, dataDir } = readConfig();
  if (tokens.secret === null && tokens.keySet !== null)
    throw new CliError('--token is needed: tokens are signed by the owner of JWKS_URL', EXIT.usage);
  const secret = tokens.secret ?? (await loadDevelopmentSecret(dataDir));
  const exp = Math.floor((createSystemClock().now() + TOKEN_LIFETIME) / 1_000);
  const claims = { sub: 'scriptorium-cli', name: 'scriptorium', tenant, role: 'admin', exp };
  return signToken({ secret, issuer: tokens.issuer, audience: tokens.audience }, claims);
}

/** The path of a document below `/v1`. */
export function pathOf(name: string): string {
  return `/documents/${encodeURIComponent(name)}`;
}

/** A request with a JSON body. */
export function sendBody(method: 'POST' | 'PUT' | 'PATCH', body: object): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
