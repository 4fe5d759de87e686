import { ScriptoriumError } from '../core/errors.ts';
import type { Position } from '../core/sequence.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';
import type { DocumentVersions } from '../ports/document-versions.ts';

/** A state that was asked for. */
export interface FoundState {
  readonly seq: number;
  /** Whether what it was asked for by will never name another one. */
  readonly fixed: boolean;
}

/**
 * The state that a document is asked for: by the number of a row, by the id of a version, or by epoch and number
 * (`1-42`). A number alone counts in the incarnation of now, and names another state once the document is made anew or
 * repaired. Whether there is a row of that number turns out when it is read. Throws `version-not-found`.
 */
export async function findState(
  versions: Pick<DocumentVersions, 'read'>,
  { id, epoch }: Pick<DocumentRecord, 'id'> & Pick<Position, 'epoch'>,
  point: string,
): Promise<FoundState> {
  if (/^\d+$/.test(point)) return { seq: Number(point), fixed: false };
  const [, wanted, seq] = /^(\d+)-(\d+)$/.exec(point) ?? [];
  if (wanted !== undefined) {
    if (Number(wanted) !== epoch) throw new ScriptoriumError('version-not-found', `the document is in epoch ${epoch}`);
    return { seq: Number(seq), fixed: true };
  }
  const version = await versions.read(id, point);
  if (version === null) throw new ScriptoriumError('version-not-found');
  return { seq: version.seq, fixed: false };
}
