/** The entity tag of a document's state: the same for every format, since the format is part of the address. */
export function formatEtag(epoch: number, seq: number): string {
  return `"${epoch}-${seq}"`;
}

/** The entity tag of a document's record: the state of its content, and the revision of its title and metadata. */
export function formatRecordEtag(epoch: number, seq: number, revision: number): string {
  return `"${epoch}-${seq}-${revision}"`;
}

/** Whether an `If-None-Match` header names the tag (RFC 9110, 13.1.2: weak comparison, list, or `*`). */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((entry) => {
    const candidate = entry.trim();
    return candidate === '*' || candidate.replace(/^W\//, '') === etag;
  });
}
