import { afterAll } from 'vitest';
import { createFilesystemSnapshotStore } from '../../src/adapters/filesystem/snapshot-store.ts';
import { createInProcessExchange, createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { describeApiKeyStore } from './api-key-store.contract.ts';
import { describeDeliveryQueue } from './delivery-queue.contract.ts';
import { describeAuditLog } from './audit-log.contract.ts';
import { describeAuthorshipStore } from './authorship-store.contract.ts';
import { describeDocumentCatalog } from './document-catalog.contract.ts';
import { openEmbeddedStore, type EmbeddedStore } from './embedded-store.ts';
import { describeErasedContent } from './erased-content.contract.ts';
import { describeErasedPeople } from './erased-people.contract.ts';
import { describeErasureStore } from './erasure-store.contract.ts';
import { describeFanOut } from './fan-out.contract.ts';
import { describeGrantStore } from './grant-store.contract.ts';
import { describeHistoryIndex } from './history-index.contract.ts';
import { describeLogUpkeep } from './log-upkeep.contract.ts';
import { describeObjectRegister } from './object-register.contract.ts';
import { describeDocumentVersions } from './document-versions.contract.ts';
import { describePublications } from './publications.contract.ts';
import { describeOutbox } from './outbox.contract.ts';
import { describeProgramWrites, describeSeededDocuments } from './program-writes.contract.ts';
import { describeRowQuarantine } from './row-quarantine.contract.ts';
import { describeSearchFollowers } from './search-followers.contract.ts';
import { describeSnapshotIndex } from './snapshot-index.contract.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';
import { describeToldChanges } from './told-changes.contract.ts';
import { describeTenantUsage } from './tenant-usage.contract.ts';
import { describeUpdateLog } from './update-log.contract.ts';

const directories: { remove(): void }[] = [];
afterAll(() => {
  for (const directory of directories) directory.remove();
});

/** Opens one and the same store, each time it is called. */
function newStore(): () => Promise<EmbeddedStore> {
  const directory = createTemporaryDirectory('contract');
  directories.push(directory);
  return () => openEmbeddedStore(directory.path);
}

describeUpdateLog('SQLite', newStore());
describeSnapshotIndex('SQLite', newStore());
describeObjectRegister('SQLite', newStore());
describeHistoryIndex('SQLite', newStore());
describeLogUpkeep('SQLite', newStore());
describeRowQuarantine('SQLite', newStore());
describeAuthorshipStore('SQLite', newStore());
describeSearchFollowers('SQLite', newStore());
describeDocumentVersions('SQLite', newStore());
describePublications('SQLite', newStore());
describeDocumentCatalog('SQLite', newStore());
describeTenantUsage('SQLite', newStore());
describeSeededDocuments('SQLite', newStore());
describeProgramWrites('SQLite', newStore());
describeGrantStore('SQLite', newStore());
describeApiKeyStore('SQLite', newStore());
describeOutbox('SQLite', newStore());
describeDeliveryQueue('SQLite', newStore());
describeErasureStore('SQLite', newStore());
describeErasedPeople('SQLite', newStore());
describeErasedContent('SQLite', newStore());
describeAuditLog('SQLite', newStore());
describeToldChanges('SQLite', newStore());

describeSnapshotStore('filesystem', async () => {
  const directory = createTemporaryDirectory('contract');
  const open = () => createFilesystemSnapshotStore({ directory: `${directory.path}/made/when/needed` });
  return { store: open(), reopen: open, close: async () => directory.remove() };
});

describeFanOut('in-process', async () => {
  const exchange = createInProcessExchange();
  return {
    a: createInProcessFanOut({ node: 'a', exchange }),
    b: createInProcessFanOut({ node: 'b', exchange }),
    close: async () => undefined,
  };
});
