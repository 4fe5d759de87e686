import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';

/** Codings in which a body may be sent, the ones that make it smallest first. */
const CODINGS = ['br', 'zstd', 'gzip'] as const;

export type Coding = (typeof CODINGS)[number];

/** Bodies below this size, which travel in one packet anyway, are sent as they are. */
export const COMPRESSED_FROM = 1_024;

const brotli = promisify(brotliCompress);
const zstd = promisify(zstdCompress);
const deflate = promisify(gzip);
/** The quality at which brotli takes as long as zstd does. */
const BROTLI_QUALITY = 4;

/** Compresses bytes; in threads of Node's own. */
export function compress(bytes: Uint8Array, coding: Coding): Promise<Buffer> {
  switch (coding) {
    case 'br':
      return brotli(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
        },
      });
    case 'zstd':
      return zstd(bytes);
    case 'gzip':
      return deflate(bytes);
  }
}

/** Chooses a coding by an `Accept-Encoding` header (RFC 9110, 12.5.3); `null` for the bytes as they are. */
export function negotiateCoding(header: string | undefined): Coding | null {
  if (header === undefined || header === '') return null;
  const qualities = new Map<string, number>();
  for (const entry of header.toLowerCase().split(',').slice(0, 20)) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    qualities.set(name, quality >= 0 && quality <= 1 ? quality : 0);
  }
  const qualityOf = (coding: string): number => qualities.get(coding) ?? qualities.get('*') ?? 0;
  const best = CODINGS.reduce((one, other) => (qualityOf(other) > qualityOf(one) ? other : one));
  return qualityOf(best) > 0 && qualityOf(best) >= (qualities.get('identity') ?? 0) ? best : null;
}
