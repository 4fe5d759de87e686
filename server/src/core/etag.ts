/** The entity tag of a document's state: the same for every format, since the format is part of the address. */
export function formatEtag(epoch: number, seq: number): string {
  return `"${epoch}-${seq}"`;
}

/** Whether an `If-None-Match` header names the tag (RFC 9110, 13.1.2: weak comparison, list, or `*`). */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((entry) => {
    const candidate = entry.trim();
    return candidate === '*' || candidate.replace(/^W\//, '') === etag;
  });
}
