import { type Command, Option } from 'commander';
import { ROLES } from '@scriptorium/shared/roles';
import { loadDevelopmentSecret } from '../adapters/jwt/development-secret.ts';
import { signToken } from '../adapters/jwt/sign-token.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { parseTokenClaims } from '../core/token-claims.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';

interface TokenOptions {
  readonly name: string;
  readonly user?: string;
  readonly tenant: string;
  readonly role: string;
  readonly document?: readonly string[];
  readonly hours: string;
  readonly json?: boolean;
}

/** `scriptorium token`: signs one with the server's own secret, for a first sign-in or a script. */
export function addTokenCommand(program: Command, deps: CliDeps): void {
  program
    .command('token')
    .description("Sign a token with the server's JWT_SECRET")
    .requiredOption('--name <name>', 'what others see')
    .option('--user <id>', 'stable identity; the name when absent')
    .option('--tenant <tenant>', 'tenant', 'default')
    .addOption(new Option('--role <role>', 'role on every document of the tenant').choices(ROLES).default('none'))
    .option('--document <name=role...>', 'role on one name or prefix, such as notes/*=editor')
    .option('--hours <n>', 'hours until it ends', '24')
    .option('--json', 'print an object instead of the token alone')
    .action(async (options: TokenOptions) => {
      const config = deps.readConfig();
      const expiresAt = createSystemClock().now() + readHours(options.hours) * 3_600_000;
      const claims = toClaims(options, expiresAt);
      if (config.tokens.secret === null && config.tokens.keySet !== null)
        throw new CliError('without JWT_SECRET tokens are signed by the owner of JWKS_URL', EXIT.usage);
      const secret = config.tokens.secret ?? (await loadDevelopmentSecret(config.dataDir));
      const token = await signToken({ secret, issuer: config.tokens.issuer, audience: config.tokens.audience }, claims);
      deps.print(options.json ? JSON.stringify({ token, expiresAt: new Date(expiresAt).toISOString() }) : token);
    });
}

function readHours(text: string): number {
  const hours = Number(text);
  if (!(hours > 0 && hours <= 24 * 366)) throw new CliError('--hours must be between 0 and 8784', EXIT.usage);
  return hours;
}

/** The claims that the options ask for; what the server would refuse is refused here. */
function toClaims(options: TokenOptions, expiresAt: number): Record<string, unknown> {
  const documents = Object.fromEntries((options.document ?? []).map(splitGrant));
  const claims = {
    sub: options.user ?? options.name,
    name: options.name,
    tenant: options.tenant,
    role: options.role,
    exp: Math.floor(expiresAt / 1_000),
    documents,
  };
  const parsed = parseTokenClaims(claims);
  if (parsed.kind === 'invalid') throw new CliError(parsed.detail, EXIT.usage);
  return claims;
}

function splitGrant(text: string): readonly [string, string] {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new CliError(`--document ${text}: expected name=role`, EXIT.usage);
  return [text.slice(0, at), text.slice(at + 1)];
}
