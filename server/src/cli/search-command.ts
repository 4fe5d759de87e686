import type { SearchRebuildView } from '@scriptorium/shared/search-schemas';
import type { Command } from 'commander';
import { loadDevelopmentSecret } from '../adapters/jwt/development-secret.ts';
import { signToken } from '../adapters/jwt/sign-token.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { Config } from '../config.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { pause } from './keeping-clock.ts';
import { createProgress } from './progress.ts';

interface ReindexOptions {
  readonly token?: string;
  readonly json?: boolean;
}

/** Milliseconds between two looks at how far the server is. */
const LOOK_EVERY = 500;
/** Milliseconds after which a server that does not answer is given up. */
const PATIENCE = 30_000;

/** `scriptorium search`: tools for the search index of a running server. */
export function addSearchCommand(program: Command, deps: CliDeps): void {
  const search = program.command('search').description('Tools for the search index');
  search
    .command('reindex')
    .description(
      'Fill a fresh index from the documents, and put it in the place of the one in use; the server must run',
    )
    .option('--token <token>', 'token of an admin, where JWT_SECRET is not known here')
    .option('--json', 'print a line of JSON at the end')
    .addHelpText(
      'after',
      '\nAsks the server at HOST and PORT. Searching and writing go on; on a cluster any one node does it for all that share\nMEILI_URL, while nodes with indexes of their own are asked one by one.',
    )
    .action(async (options: ReindexOptions) => {
      const ended = await reindex(deps.readConfig(), options);
      if (ended.state === 'failed') throw new CliError(`the rebuild failed: ${ended.reason ?? 'for no known reason'}`);
      const { documents = 0, leftOut = 0 } = ended;
      const line = `indexed ${documents} documents${leftOut > 0 ? `, ${leftOut} cannot be read` : ''}`;
      deps.print(options.json ? JSON.stringify(ended) : line);
    });
}

async function reindex(config: Config, options: ReindexOptions): Promise<SearchRebuildView> {
  const call = await connect(config, options);
  const progress = createProgress(process.stderr);
  try {
    let status = await call('POST');
    while (status.state === 'running') {
      progress.show(`${status.step ?? 'filling'}: ${status.documents ?? 0} documents`);
      await pause(LOOK_EVERY);
      status = await call('GET');
    }
    return status;
  } finally {
    progress.end();
  }
}

type Call = (method: 'GET' | 'POST') => Promise<SearchRebuildView>;

async function connect(config: Config, options: ReindexOptions): Promise<Call> {
  const token = options.token ?? (await signAdminToken(config));
  const url = `http://${hostOf(config)}:${config.port}/v1/search/rebuild`;
  return async (method) => {
    const response = await reach(url, { method, headers: { authorization: `Bearer ${token}` } });
    if (response.status === 404) throw new CliError('search is switched off on this server', EXIT.usage);
    if (!response.ok) throw new CliError(`the server answered with ${response.status}: ${await response.text()}`);
    // What our own server answers.
    return (await response.json()) as SearchRebuildView;
  };
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new CliError(`no server answers at ${new URL(url).origin}; start it first`, EXIT.unavailable);
  }
}

/** Where a server with this configuration is reached from its own machine. */
function hostOf({ host }: Config): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::' || host === '[::]') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

async function signAdminToken(config: Config): Promise<string> {
  const { secret, keySet, issuer, audience } = config.tokens;
  if (secret === null && keySet !== null)
    throw new CliError('without JWT_SECRET pass a token of an admin with --token', EXIT.usage);
  const exp = Math.floor(createSystemClock().now() / 1_000) + 24 * 3_600;
  const claims = { sub: 'scriptorium-cli', name: 'scriptorium search', role: 'admin', exp };
  return signToken({ secret: secret ?? (await loadDevelopmentSecret(config.dataDir)), issuer, audience }, claims);
}
