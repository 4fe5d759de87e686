/** What an object is of: the tenant and the document, and the row up to which it goes. */
export interface ObjectPlace {
  readonly kind: 'snapshot' | 'segment';
  readonly tenant: string;
  readonly documentId: number;
  readonly seq: number;
  /** SHA-256 of the object's bytes, hex, so that a store can be checked by itself. */
  readonly sha256: string;
}

/**
 * The key of a new object: `t/<tenant>/d/<document>/<kind>-<seq>-<sha256>-<attempt>`. The attempt makes it differ from
 * the key of every other try at the same bytes: a key that was given up once must not be taken up by somebody else.
 *
 * @param chance a number in [0, 1)
 */
export function makeObjectKey(place: ObjectPlace, chance: number): string {
  const attempt = Math.floor(chance * 2 ** 52)
    .toString(36)
    .padStart(11, '0');
  return `${kindPrefix(place)}${place.seq}-${place.sha256}-${attempt}`;
}

/** With what the keys of one kind of a document's objects begin. */
export function kindPrefix({ kind, tenant, documentId }: Pick<ObjectPlace, 'kind' | 'tenant' | 'documentId'>): string {
  return `t/${tenant}/d/${documentId}/${kind}-`;
}
