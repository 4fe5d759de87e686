import type { ConsumerCursors } from '../../ports/consumer-cursors.ts';
import type { DocumentDirectory } from '../../ports/document-directory.ts';
import type { DocumentLeases } from '../../ports/document-leases.ts';
import type { DocumentVersions } from '../../ports/document-versions.ts';
import type { HistoryIndex } from '../../ports/history-index.ts';
import type { LogUpkeep } from '../../ports/log-upkeep.ts';
import type { ObjectRegister } from '../../ports/object-register.ts';
import type { Publications } from '../../ports/publications.ts';
import type { RowQuarantine } from '../../ports/row-quarantine.ts';
import type { SearchDeadLetters } from '../../ports/search-dead-letters.ts';
import type { SnapshotIndex } from '../../ports/snapshot-index.ts';
import { createConsumerCursors } from './consumer-cursors.ts';
import { createDocumentDirectory } from './document-directory.ts';
import { createDocumentLeases } from './document-leases.ts';
import { createDocumentVersions } from './document-versions.ts';
import { createHistoryIndex } from './history-index.ts';
import { createLogUpkeep } from './log-upkeep.ts';
import { createObjectRegister } from './object-register.ts';
import { createPublications } from './publications.ts';
import { createRowQuarantine } from './row-quarantine.ts';
import { createSearchDeadLetters } from './search-dead-letters.ts';
import { createSnapshotIndex } from './snapshot-index.ts';
import type { TenantStoreDeps } from './tenant-reads.ts';

/** The ports around the log that need no more than portable SQL. */
export interface StoredHistory {
  readonly snapshotIndex: SnapshotIndex;
  readonly history: HistoryIndex;
  readonly register: ObjectRegister;
  readonly cursors: ConsumerCursors;
  readonly upkeep: LogUpkeep;
  readonly quarantine: RowQuarantine;
  readonly directory: DocumentDirectory;
  readonly searchDeadLetters: SearchDeadLetters;
  readonly searchLeases: DocumentLeases;
  readonly versions: DocumentVersions;
  readonly publications: Publications;
}

/** Makes all of them over one database. */
export function createStoredHistory(deps: TenantStoreDeps): StoredHistory {
  return {
    snapshotIndex: createSnapshotIndex(deps),
    history: createHistoryIndex(deps),
    register: createObjectRegister(deps),
    cursors: createConsumerCursors(deps),
    upkeep: createLogUpkeep(deps),
    quarantine: createRowQuarantine(deps),
    directory: createDocumentDirectory(deps),
    searchDeadLetters: createSearchDeadLetters(deps),
    searchLeases: createDocumentLeases({ ...deps, consumer: 'search' }),
    versions: createDocumentVersions(deps),
    publications: createPublications(deps),
  };
}
