import type { Command } from 'commander';
import { openDatabaseStores } from '../compose-stores.ts';
import { type CliDeps, createCommandGround } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';

/** `scriptorium migrate`: brings the database's schema up to date, once, before new nodes start. */
export function addMigrateCommand(program: Command, deps: CliDeps): void {
  program
    .command('migrate')
    .description('Bring the schema of DATABASE_URL up to date; safe beside running nodes, and to be repeated')
    .action(async () => {
      const ground = createCommandGround(deps);
      const { database } = ground.config.stores;
      if (database === null) {
        throw new CliError('DATABASE_URL is not set; an embedded store migrates by itself when it starts', EXIT.usage);
      }
      const stores = { ...ground.config.stores, database: { ...database, migrate: 'auto' as const } };
      const opened = await openDatabaseStores({ ...ground, config: { ...ground.config, stores } });
      await opened.service.drain(1_000);
      deps.print('the schema is up to date');
    });
}
