import type { Command } from 'commander';
import { parseDocumentName } from '@scriptorium/shared/document-name';
import { FILE_KINDS, type ImportedView } from '@scriptorium/shared/export-schemas';
import { addServerOptions, connectToServer, pathOf, type ApiConnection, type ServerOptions } from './api-connection.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { readFiles, readHocuspocus, type ImportItem } from './import-sources.ts';
import { createProgress } from './progress.ts';

interface ImportOptions extends ServerOptions {
  readonly prefix: string;
  readonly hocuspocus?: string;
}

interface ImportOutcome {
  created: number;
  changed: number;
  same: number;
  readonly failed: { readonly name: string; readonly reason: string }[];
}

/** `scriptorium import`: files, or the documents of a Hocuspocus database, into a running server. */
export function addImportCommand(program: Command, deps: CliDeps): void {
  addServerOptions(
    program
      .command('import [paths...]')
      .description('Import files and directories, or the database of a Hocuspocus server, into a running server'),
  )
    .option('--prefix <text>', 'put before each name, such as imported/', '')
    .option('--hocuspocus <source>', 'SQLite file or postgres:// address with a table "documents"')
    .addHelpText(
      'after',
      '\nFiles: .md, .html, .json, .txt, .docx and .yjs (a Yjs update). A document that is there becomes what the file ' +
        'says,\na Yjs update is merged into it. May be repeated: what is the same already changes nothing.',
    )
    .action(async (paths: readonly string[], options: ImportOptions) => {
      if ((paths.length === 0) === (options.hocuspocus === undefined))
        throw new CliError('name files to import, or --hocuspocus, and not both', EXIT.usage);
      const items = options.hocuspocus === undefined ? readFiles(paths) : readHocuspocus(options.hocuspocus);
      const outcome = await importAll(await connectToServer(deps, options), items, options.prefix);
      const { created, changed, same, failed } = outcome;
      deps.print(
        options.json
          ? JSON.stringify(outcome)
          : `${created} created, ${changed} changed, ${same} as they were, ${failed.length} failed`,
      );
      if (failed.length === 0) return;
      throw new CliError(failed.map(({ name, reason }) => `${name}: ${reason}`).join('\n'));
    });
}

/** One that fails does not keep the others from coming; a server that is away does. */
async function importAll(api: ApiConnection, items: AsyncIterable<ImportItem>, prefix: string): Promise<ImportOutcome> {
  const progress = createProgress(process.stderr);
  const outcome: ImportOutcome = { created: 0, changed: 0, same: 0, failed: [] };
  for await (const item of items) {
    const name = `${prefix}${item.name}`;
    progress.show(`importing ${name}`);
    try {
      const { created, changed } = await importOne(api, { ...item, name });
      outcome[created ? 'created' : changed ? 'changed' : 'same'] += 1;
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode === EXIT.unavailable) throw error;
      outcome.failed.push({ name, reason: error.message });
    }
  }
  progress.end();
  return outcome;
}

async function importOne(api: ApiConnection, { name, format, body }: ImportItem): Promise<ImportedView> {
  if (parseDocumentName(name) === null) throw new CliError('is no name that a document can have');
  return api.sendJson<ImportedView>(`${pathOf(name)}/import`, {
    method: 'POST',
    headers: { 'content-type': FILE_KINDS[format].mediaType },
    body: new Uint8Array(body),
  });
}
