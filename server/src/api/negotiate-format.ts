import type { ContentFormat } from '@scriptorium/shared/content-formats';

/** Formats by media range; of equal quality, the first in this order wins. */
const RANGES: readonly { readonly format: ContentFormat; readonly ranges: readonly string[] }[] = [
  { format: 'json', ranges: ['application/json', 'application/*', '*/*'] },
  { format: 'text', ranges: ['text/plain', 'text/*', '*/*'] },
  { format: 'markdown', ranges: ['text/markdown'] },
  { format: 'html', ranges: ['text/html'] },
  { format: 'yjs', ranges: ['application/vnd.yjs.update', 'application/octet-stream'] },
];

/**
 * Chooses a format by an `Accept` header (RFC 9110, 12.5.1): the highest quality wins, and for one format its most
 * specific range counts. JSON without a header; `null` when nothing fits.
 */
export function negotiateFormat(accept: string | undefined): ContentFormat | null {
  if (accept === undefined || accept.trim() === '') return 'json';
  const qualities = parseAccept(accept);
  let best: ContentFormat | null = null;
  let bestQuality = 0;
  for (const { format, ranges } of RANGES) {
    const range = ranges.find((candidate) => qualities.has(candidate));
    const quality = range === undefined ? 0 : (qualities.get(range) ?? 0);
    if (quality > bestQuality) {
      best = format;
      bestQuality = quality;
    }
  }
  return best;
}

/** Whether an `Accept` header asks for a page at least as much as for JSON: a browser in which somebody reads. */
export function prefersPage(accept: string | undefined): boolean {
  const qualities = parseAccept(accept ?? '');
  const page = qualities.get('text/html') ?? 0;
  const json = Math.max(qualities.get('application/json') ?? 0, qualities.get('application/problem+json') ?? 0);
  return page > 0 && page >= json;
}

function parseAccept(accept: string): ReadonlyMap<string, number> {
  const qualities = new Map<string, number>();
  for (const entry of accept.split(',').slice(0, 100)) {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    if (range !== '') qualities.set(range, quality >= 0 && quality <= 1 ? quality : 0);
  }
  return qualities;
}
