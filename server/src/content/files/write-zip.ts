import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** One file of an archive. */
export interface ZipEntry {
  /** Path with forward slashes, relative. */
  readonly path: string;
  readonly modifiedAt: Date;
  readonly content: Uint8Array | string;
}

/**
 * Writes entries as a zip archive while it is read: one entry is in memory at a time, and the next one is asked for
 * when the reader has taken it. An error of the source destroys the stream, so that a cut archive never looks whole.
 */
export function writeZip(entries: AsyncIterable<ZipEntry>): Readable {
  const zip = new ZipFile();
  const out = new PassThrough();
  const fail = (error: unknown): void =>
    void out.destroy(error instanceof Error ? error : new Error('the archive failed'));
  zip.on('error', fail);
  zip.outputStream.on('error', fail);
  zip.outputStream.pipe(out);
  addAll(zip, out, entries).catch(fail);
  return out;
}

async function addAll(zip: ZipFile, out: PassThrough, entries: AsyncIterable<ZipEntry>): Promise<void> {
  let source: Readable | null = null;
  // One listener for all entries: an archive may have a hundred thousand.
  out.once('close', () => source?.destroy());
  for await (const { path, modifiedAt, content } of entries) {
    if (out.destroyed) return;
    source = Readable.from([Buffer.from(content)]);
    // The entry has been written when its source is used up.
    const used = once(source, 'close');
    zip.addReadStream(source, path, { mtime: modifiedAt });
    await used;
  }
  zip.end();
}
