import type { ErasureView } from '@scriptorium/shared/erasure-schemas';
import type { ErasureRecord } from '../ports/erasure-store.ts';
import { toTime } from './grant-views.ts';

/** A record of an erasure as REST shows it. */
export function toErasureView(record: ErasureRecord): ErasureView {
  const { id, kind, pseudonym, subjectHash, begunAt, begunBy, finishedAt, counts } = record;
  return {
    id,
    kind,
    pseudonym,
    subjectHash,
    begunAt: new Date(begunAt).toISOString(),
    begunBy,
    finishedAt: toTime(finishedAt),
    counts: { ...counts },
  };
}
