import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { type Command, Option } from 'commander';
import { FILE_FORMATS } from '@scriptorium/shared/export-schemas';
import { addServerOptions, connectToServer, pathOf, type ServerOptions } from './api-connection.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError } from './exit-codes.ts';
import { createProgress, type Progress } from './progress.ts';

interface ExportOptions extends ServerOptions {
  readonly format: string;
  readonly out: string;
  readonly prefix: string;
  readonly history?: boolean;
}

/** `scriptorium export`: one document into a file, or all of a tenant into an archive. */
export function addExportCommand(program: Command, deps: CliDeps): void {
  addServerOptions(
    program.command('export [name]').description('Export a document into a file, or all documents into a zip archive'),
  )
    .requiredOption('--out <file>', 'where to write it')
    .addOption(new Option('--format <format>', 'of the documents').choices(FILE_FORMATS).default('markdown'))
    .option('--prefix <text>', 'only names that start with this text', '')
    .option('--history', 'with who wrote when, and the versions')
    .action(async (name: string | undefined, options: ExportOptions) => {
      const api = await connectToServer(deps, options);
      const response = await api.send(exportPath(name, options));
      const bytes = await writeFile(response, options.out, createProgress(process.stderr));
      deps.print(
        options.json ? JSON.stringify({ file: options.out, bytes }) : `wrote ${bytes} bytes to ${options.out}`,
      );
    });
}

function exportPath(name: string | undefined, { format, prefix, history }: ExportOptions): string {
  if (name !== undefined) return `${pathOf(name)}/export?format=${format}`;
  const query = new URLSearchParams({ format, prefix, history: String(history === true) });
  return `/export?${query.toString()}`;
}

/** Writes beside the file and puts it in place at the end, so that a cut download never stands there. */
async function writeFile(response: Response, file: string, progress: Progress): Promise<number> {
  const part = `${file}.part`;
  let bytes = 0;
  if (response.body === null) throw new CliError('the server sent nothing');
  try {
    await pipeline(
      Readable.fromWeb(response.body as ReadableStream<Uint8Array>),
      async function* count(source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          bytes += chunk.byteLength;
          progress.show(`${bytes} bytes`);
          yield chunk;
        }
      },
      createWriteStream(part),
    );
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw new CliError(`the export broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    progress.end();
  }
  return bytes;
}
