import { ScriptoriumError } from '../core/errors.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';
import type { DocumentVersions } from '../ports/document-versions.ts';

/**
 * The row that a point of the past names: its number, or the id of a version; the newest one without a point.
 * Throws `version-not-found` for a row that is not there yet and a version that the document does not have.
 */
export async function findPoint(
  versions: DocumentVersions,
  record: DocumentRecord,
  point: string | undefined,
): Promise<number> {
  if (point === undefined) return record.head;
  const version = /^\d+$/.test(point) ? null : await versions.read(record.id, point);
  const seq = version?.seq ?? Number(point);
  if (Number.isNaN(seq)) throw new ScriptoriumError('version-not-found');
  if (seq > record.head) throw new ScriptoriumError('version-not-found', `the document ends at row ${record.head}`);
  return seq;
}
