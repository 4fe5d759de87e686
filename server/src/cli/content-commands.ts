import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { CONTENT_MEDIA_TYPES } from '@scriptorium/shared/content-formats';
import type { WrittenView } from '@scriptorium/shared/write-schemas';
import { addServerOptions, connectToServer, pathOf, type ServerOptions } from './api-connection.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';

/** Formats that a terminal can show. */
const FORMATS = ['markdown', 'html', 'json', 'text'] as const;

interface FormatOptions {
  readonly format: (typeof FORMATS)[number];
}

/** `scriptorium documents read` and `write`: the content of a document, to and from a pipe. */
export function addContentCommands(documents: Command, deps: CliDeps): void {
  const format = () => new Option('--format <format>', 'form of the content').choices(FORMATS).default('markdown');
  addServerOptions(documents.command('read <name>').description('Print what is in a document'))
    .addOption(format())
    .option('--at <point>', 'as it was at a row or a version')
    .action(async (name: string, options: ServerOptions & FormatOptions & { readonly at?: string }) => {
      const api = await connectToServer(deps, options);
      const query = new URLSearchParams({
        format: options.format,
        ...(options.at !== undefined && { at: options.at }),
      });
      const response = await api.send(`${pathOf(name)}/content?${query.toString()}`);
      deps.print((await response.text()).replace(/\n$/, ''));
    });
  addServerOptions(
    documents
      .command('write <name> [file]')
      .description('Replace what is in a document by a file, or by standard input'),
  )
    .addOption(format())
    .option('--if-match <etag>', 'only while the document is in this state')
    .action(
      async (
        name: string,
        file: string | undefined,
        options: ServerOptions & FormatOptions & { readonly ifMatch?: string },
      ) => {
        const api = await connectToServer(deps, options);
        const written = await api.sendJson<WrittenView>(`${pathOf(name)}/content`, {
          method: 'PUT',
          headers: {
            'content-type': CONTENT_MEDIA_TYPES[options.format],
            ...(options.ifMatch !== undefined && { 'if-match': options.ifMatch }),
          },
          body: await readInput(file),
        });
        const line = written.changed ? `${name} is at row ${written.seq}` : 'it was like that already';
        deps.print(options.json ? JSON.stringify(written) : line);
      },
    );
}

async function readInput(file: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (file === undefined) return new Uint8Array(await buffer(process.stdin));
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${String(error)}`, EXIT.usage);
  }
}
