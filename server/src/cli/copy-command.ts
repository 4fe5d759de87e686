import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { createFilesystemSnapshotStore } from '../adapters/filesystem/snapshot-store.ts';
import { copyAccess } from '../adapters/sql/copy-access.ts';
import { type CopyPlan, copyDocument, findTakenNames, prepareMarks, readMark } from '../adapters/sql/copy-document.ts';
import { openSqlite } from '../adapters/sqlite/open-sqlite.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { openDatabaseStores } from '../compose-stores.ts';
import { createCommandGround, type CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { createProgress } from './progress.ts';

interface CopyOptions {
  readonly from: string;
  readonly json?: boolean;
}

const NAMES_SHOWN = 10;

/** `scriptorium copy`: moves an embedded store into the database and bucket of the environment. */
export function addCopyCommand(program: Command, deps: CliDeps): void {
  program
    .command('copy')
    .description('Copy an embedded store into the cluster that the environment names; its server must be stopped')
    .requiredOption('--from <directory>', 'DATA_DIR of the embedded store')
    .option('--json', 'print a line of JSON at the end')
    .addHelpText(
      'after',
      '\nMay be repeated: what was copied stays, and what is missing follows. Nothing is changed in the source.',
    )
    .action(async (options: CopyOptions) => {
      const outcome = await copyStore(deps, options);
      const line = `copied ${outcome.copied} documents, ${outcome.known} were there`;
      deps.print(options.json ? JSON.stringify(outcome) : line);
    });
}

async function copyStore(
  deps: CliDeps,
  options: CopyOptions,
): Promise<{ readonly copied: number; readonly known: number }> {
  const ground = createCommandGround(deps);
  if (ground.config.stores.database === null) {
    throw new CliError('DATABASE_URL is not set, so there is nowhere to copy to', EXIT.usage);
  }
  const directory = resolve(options.from);
  const source = await openSqlite({ directory, clock: createSystemClock(), log: ground.telemetry.log });
  try {
    const target = await openDatabaseStores(ground);
    const plan: CopyPlan = {
      from: {
        database: source.database,
        objects: createFilesystemSnapshotStore({ directory: join(directory, 'snapshots') }),
      },
      to: { database: target.database, objects: target.snapshots },
      source: directory,
      inlineBytes: target.inlineLimits.snapshotBytes,
    };
    try {
      return await runPlan(plan, createProgress(process.stderr));
    } finally {
      await target.service.drain(1_000);
    }
  } finally {
    await source.close();
  }
}

async function runPlan(plan: CopyPlan, progress: ReturnType<typeof createProgress>) {
  await prepareMarks(plan.to);
  const taken = await findTakenNames(plan);
  if (taken.length > 0) {
    const shown = taken.slice(0, NAMES_SHOWN).join(', ');
    throw new CliError(`${taken.length} names are in use where they would go: ${shown}`, EXIT.failed);
  }
  const documents = await plan.from.database.selectFrom('documents').select('id').orderBy('id').execute();
  let copied = 0;
  for (const [index, { id }] of documents.entries()) {
    progress.show(`copying document ${index + 1} of ${documents.length}`);
    if ((await readMark(plan, id)) !== null) continue;
    await copyDocument(plan, id);
    copied += 1;
  }
  await copyAccess(plan.from, plan.to);
  progress.end();
  return { copied, known: documents.length - copied };
}
