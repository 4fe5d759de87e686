import type { Kysely } from 'kysely';
import { createAccess } from '../../src/access/access.ts';
import { createAccessWatch } from '../../src/access/access-watch.ts';
import { createKeyRing } from '../../src/access/key-ring.ts';
import { createInProcessAccessHints } from '../../src/adapters/in-process/access-hints.ts';
import { createAccessChangeLog } from '../../src/adapters/sql/access-changes.ts';
import { createApiKeyStore } from '../../src/adapters/sql/api-key-store.ts';
import { createGrantStore } from '../../src/adapters/sql/grant-store.ts';
import type { Schema } from '../../src/adapters/sql/schema.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Telemetry } from '../../src/ports/telemetry.ts';

/** What a node knows of who may do what, over a real database. */
export function createStandingParts(database: Kysely<Schema>, clock: Clock, telemetry: Telemetry) {
  const grants = createGrantStore({ database });
  const keys = createApiKeyStore({ database });
  const changes = createAccessChangeLog({ database });
  const hints = createInProcessAccessHints();
  const keyRing = createKeyRing({ keys, clock, log: telemetry.log });
  const access = createAccess({ grants, keyRing, clock });
  const watch = createAccessWatch({ access, changes, hints, keyRing, clock, telemetry });
  return { grants, keys, changes, hints, keyRing, access, watch };
}
