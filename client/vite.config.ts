import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const SERVER = 'http://127.0.0.1:8787';
const COMPRESSIBLE = /\.(js|css|html|svg)$/;
/** Below this many bytes compression saves no packet. */
const WORTH_IT = 1_024;

/** Puts a .gz and a .br next to each text file, which the server sends as they are. */
function precompress(): Plugin {
  let directory = 'dist';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      directory = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const names = await readdir(directory, { recursive: true });
      await Promise.all(
        names.filter((name) => COMPRESSIBLE.test(name)).map((name) => compressFile(join(directory, name))),
      );
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.byteLength < WORTH_IT) return;
  const brotli = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength } };
  await Promise.all([
    promisify(gzip)(bytes, { level: 9 }).then((compressed) => writeFile(`${path}.gz`, compressed)),
    promisify(brotliCompress)(bytes, brotli).then((compressed) => writeFile(`${path}.br`, compressed)),
  ]);
}

export default defineConfig({
  plugins: [precompress()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { dedupe: ['yjs', 'y-protocols', 'lib0', 'preact'] },
  build: {
    target: 'es2024',
    // The first browsers with light-dark(), which the colours need. Rewritten for older ones, :dir() would be a guess.
    cssTarget: ['chrome123', 'firefox123', 'safari17.5'],
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      '/v1': SERVER,
      '/collab': { target: SERVER, ws: true },
    },
  },
});
