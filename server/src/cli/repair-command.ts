import type { Command } from 'commander';
import { DEFAULT_TENANT, parseDocumentName, parseTenant } from '@scriptorium/shared/document-name';
import type { Ground } from '../compose-ground.ts';
import { openStores } from '../compose-stores.ts';
import { createLogger } from '../observability/logger.ts';
import { repairDocument } from '../workers/repair-document.ts';
import { createCommandGround, type CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';

interface RepairOptions {
  readonly tenant: string;
  readonly json?: boolean;
}

/** What is damaged is what was asked about; it needs no lines of the log. */
function createSilentGround(deps: CliDeps): Ground {
  const ground = createCommandGround(deps);
  return { ...ground, telemetry: { ...ground.telemetry, log: createLogger({ level: 'silent' }) } };
}

/** `scriptorium repair`: makes a document writable again of which something stored is damaged. */
export function addRepairCommand(program: Command, deps: CliDeps): void {
  program
    .command('repair <name>')
    .description('Set damaged rows of a document aside, keep what can be saved, and make it writable again')
    .option('--tenant <tenant>', 'tenant', DEFAULT_TENANT)
    .option('--json', 'print an object')
    .addHelpText(
      'after',
      '\nAn embedded store must not be in use by a server. Nothing is thrown away: damaged rows are kept beside the log.',
    )
    .action(async (text: string, options: RepairOptions) => {
      const [name, tenant] = [parseDocumentName(text), parseTenant(options.tenant)];
      if (name === null || tenant === null) throw new CliError('that is no name of a document', EXIT.usage);
      const ground = createSilentGround(deps);
      const stores = await openStores(ground);
      try {
        const resolution = await stores.catalog.resolve(tenant, name);
        if (resolution.kind !== 'found') throw new CliError('there is no such document');
        const { clock, telemetry } = ground;
        const { snapshotBytes: inlineSnapshotBytes } = stores.inlineLimits;
        const repair = { ...stores, clock, telemetry, inlineSnapshotBytes };
        const outcome = await repairDocument(repair, resolution.record.id);
        const line =
          outcome.kind === 'sound'
            ? 'nothing of it is damaged'
            : `set ${outcome.rows.length} rows aside; it is at epoch ${outcome.epoch} now`;
        deps.print(options.json ? JSON.stringify(outcome) : line);
      } finally {
        await stores.fanOut.drain(1_000);
        await stores.service.drain(1_000);
      }
    });
}
