import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, relative, sep } from 'node:path';
import { FILE_FORMATS, FILE_KINDS, type FileFormat } from '@scriptorium/shared/export-schemas';
import { readHocuspocusDatabase } from '../adapters/postgres/read-hocuspocus.ts';
import { readHocuspocusFile } from '../adapters/sqlite/read-hocuspocus.ts';
import { CliError, EXIT } from './exit-codes.ts';

/** One thing that shall become a document. */
export interface ImportItem {
  readonly name: string;
  readonly format: FileFormat;
  readonly body: Uint8Array;
}

const EXTENSIONS = new Map<string, FileFormat>([
  ...FILE_FORMATS.map((format) => [`.${FILE_KINDS[format].extension}`, format] as const),
  ['.markdown', 'markdown'],
  ['.htm', 'html'],
]);

/** Files and all files below directories, named by their paths without the ending; others are left out. */
export async function* readFiles(paths: readonly string[]): AsyncGenerator<ImportItem> {
  for (const path of paths) {
    const found = await stat(path).catch(() => {
      throw new CliError(`${path} is not there`, EXIT.usage);
    });
    const entries = found.isDirectory() ? await readdir(path, { recursive: true, withFileTypes: true }) : [];
    const files = found.isDirectory()
      ? entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      : [path];
    for (const file of files.toSorted()) {
      const extension = extname(file).toLowerCase();
      const format = EXTENSIONS.get(extension);
      if (format === undefined) continue;
      const inside = found.isDirectory() ? relative(path, file) : basename(file);
      const name = inside.slice(0, -extension.length).split(sep).join('/');
      yield { name, format, body: await readFile(file) };
    }
  }
}

/**
 * The documents of a Hocuspocus server: the table `documents` of its SQLite or Postgres extension, with a Yjs update in
 * `data` for each `name`. It is only read.
 */
export async function* readHocuspocus(source: string): AsyncGenerator<ImportItem> {
  const isAddress = /^postgres(ql)?:\/\//.test(source);
  for await (const { name, data: body } of isAddress ? readHocuspocusDatabase(source) : readHocuspocusFile(source))
    yield { name, format: 'yjs', body };
}
