import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { type Config, parseConfig } from '../config.ts';
import { ScriptoriumError } from '../core/errors.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { addAuditCommand } from './audit-command.ts';
import { addCopyCommand } from './copy-command.ts';
import { addDocumentsCommand } from './documents-command.ts';
import { addExportCommand } from './export-command.ts';
import { addImportCommand } from './import-command.ts';
import { addPeopleCommand } from './people-command.ts';
import { addMigrateCommand } from './migrate-command.ts';
import { addSearchCommand } from './search-command.ts';
import { addRepairCommand } from './repair-command.ts';
import { addTokenCommand } from './token-command.ts';
import { addVersionsCommand } from './versions-command.ts';
import { addWebhooksCommand } from './webhooks-command.ts';

/** Reads the configuration as the server does; a command that runs beside a server must see the same stores. */
function readConfig(): Config {
  const parsed = parseConfig(process.env, (path) => readFileSync(path, 'utf8'));
  if (parsed.kind === 'ok') return parsed.config;
  throw new CliError(parsed.problems.join('\n'), EXIT.usage);
}

async function run(args: readonly string[]): Promise<void> {
  const program = new Command('scriptorium')
    .description('Tools for the person who runs a Scriptorium server. They read the same environment variables as it.')
    .version(packageJson.version)
    .showHelpAfterError()
    .exitOverride();
  program.addHelpText('after', `\nExit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 a store is away.`);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const deps = { readConfig, print };
  addTokenCommand(program, deps);
  addMigrateCommand(program, deps);
  addCopyCommand(program, deps);
  addSearchCommand(program, deps);
  addDocumentsCommand(program, deps);
  addVersionsCommand(program, deps);
  addExportCommand(program, deps);
  addImportCommand(program, deps);
  addRepairCommand(program, deps);
  addWebhooksCommand(program, deps);
  addPeopleCommand(program, deps);
  addAuditCommand(program, deps);
  await program.parseAsync([...args], { from: 'user' });
}

/** The exit code for what a command threw, after one line that says what went wrong. */
function report(error: unknown): number {
  // Commander has printed it already; asking for help is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const message = error instanceof ScriptoriumError ? (error.detail ?? error.definition.title) : String(error);
  process.stderr.write(`scriptorium: ${error instanceof CliError ? error.message : message}\n`);
  if (error instanceof CliError) return error.exitCode;
  return error instanceof ScriptoriumError && error.code === 'storage-unavailable' ? EXIT.unavailable : EXIT.failed;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
