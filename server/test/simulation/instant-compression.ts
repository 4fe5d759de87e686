import { syncBuiltinESMExports } from 'node:module';
import zlib, { type ZstdOptions } from 'node:zlib';

/**
 * Compression uses real threads, which come back at a time of their own. In a run it is done on the spot; to be
 * imported before anything that compresses.
 */
type Callback = (error: Error | null, result?: Buffer) => void;

function onTheSpot(run: (input: Uint8Array, options: ZstdOptions) => Buffer) {
  return (input: Uint8Array, optionsOrDone: ZstdOptions | Callback, done?: Callback): void => {
    const callback = typeof optionsOrDone === 'function' ? optionsOrDone : done;
    const options = typeof optionsOrDone === 'function' ? {} : optionsOrDone;
    let result: Buffer;
    try {
      result = run(input, options);
    } catch (error) {
      callback?.(error instanceof Error ? error : new Error('not an error', { cause: error }));
      return;
    }
    callback?.(null, result);
  };
}

Object.assign(zlib, {
  zstdCompress: onTheSpot((input, options) => zlib.zstdCompressSync(input, options)),
  zstdDecompress: onTheSpot((input, options) => zlib.zstdDecompressSync(input, options)),
});
syncBuiltinESMExports();
