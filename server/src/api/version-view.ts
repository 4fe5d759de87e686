import type { VersionView } from '@scriptorium/shared/version-schemas';
import type { DocumentVersion } from '../ports/document-versions.ts';

/** A version as REST shows it. */
export function toVersionView({ at, ...version }: DocumentVersion): VersionView {
  return { ...version, at: new Date(at).toISOString() };
}
