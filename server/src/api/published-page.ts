import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { escapeHtml } from '../content/html/render-html.ts';

/** Nothing runs on a published page, and it belongs to no origin: it is anybody's text at our address. */
export const PUBLISHED_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox";

const STYLE =
  ':root{color-scheme:light dark}body{font:1.0625rem/1.6 system-ui,sans-serif;max-width:44rem;margin:8vh auto;' +
  'padding:0 1.25rem;overflow-wrap:break-word}pre{overflow-x:auto;padding:1rem;background:#8881}blockquote{' +
  'margin-inline:0;padding-inline-start:1rem;border-inline-start:3px solid #8886}table{border-collapse:collapse}' +
  'td,th{border:1px solid #8886;padding:.25rem .5rem;vertical-align:top}';

/** A whole page around a rendering, which is escaped already. */
export function renderPublishedPage(page: { readonly title: string; readonly body: string }): string {
  return (
    '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n' +
    `<title>${escapeHtml(page.title)}</title>\n<style>${STYLE}</style>\n</head>\n` +
    `<body>\n<main dir="auto">\n${page.body}\n</main>\n</body>\n</html>\n`
  );
}

const TITLE_LENGTH = 120;

/** The first line of a text that has one, or a title for none. */
export function titleOf(text: string): string {
  const line = text.split('\n').find((it) => it.trim() !== '');
  return line?.trim().slice(0, TITLE_LENGTH).toWellFormed() ?? 'Untitled';
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Packs a page with zstd, which most readers take as it is. */
export async function packPage(page: string): Promise<{ readonly content: Uint8Array; readonly sha256: string }> {
  const content = await compress(Buffer.from(page, 'utf8'));
  return { content, sha256: hash('sha256', content, 'hex') };
}

export function unpackPage(content: Uint8Array): Promise<Buffer> {
  return decompress(content);
}
