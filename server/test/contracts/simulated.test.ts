import { createSimulatedStores } from '../simulation/simulated-store.ts';
import { describeDocumentCatalog } from './document-catalog.contract.ts';
import { describeFanOut } from './fan-out.contract.ts';
import { createSharedStore, openSimulatedFanOuts, openSimulatedStore, startCalmWorld } from './simulated-store.ts';
import { describeHistoryIndex } from './history-index.contract.ts';
import { describeLogUpkeep } from './log-upkeep.contract.ts';
import { describeObjectRegister } from './object-register.contract.ts';
import { describeSeededDocuments } from './program-writes.contract.ts';
import { describeRowQuarantine } from './row-quarantine.contract.ts';
import { describeSnapshotIndex } from './snapshot-index.contract.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';
import type { OpenStore } from './store-under-test.ts';
import { describeUpdateLog } from './update-log.contract.ts';

// The simulation is worth what its ports are worth, so these keep what every adapter keeps.

function newStore(): OpenStore {
  const store = createSharedStore();
  return () => Promise.resolve(openSimulatedStore(store));
}

describeUpdateLog('simulated', newStore());
describeSnapshotIndex('simulated', newStore());
describeObjectRegister('simulated', newStore());
describeHistoryIndex('simulated', newStore());
describeLogUpkeep('simulated', newStore());
describeRowQuarantine('simulated', newStore());
describeDocumentCatalog('simulated', newStore());
describeSeededDocuments('simulated', newStore());

describeSnapshotStore('simulated', () => {
  const world = startCalmWorld();
  const observer = { onRow: () => undefined, onSnapshot: () => undefined, onNames: () => undefined };
  const store = createSharedStore();
  const open = () => createSimulatedStores({ ...world.ground('node'), store, observer, roomOf: () => null }).snapshots;
  return Promise.resolve({ store: open(), reopen: open, close: () => world.stop() });
});

describeFanOut('simulated', () => Promise.resolve(openSimulatedFanOuts()));
