import { createAccess } from './access/access.ts';
import { createAccessWatch } from './access/access-watch.ts';
import { createCredentialVerifier } from './access/credential-verifier.ts';
import { createKeyRing } from './access/key-ring.ts';
import { createInProcessAccessHints } from './adapters/in-process/access-hints.ts';
import { createDevelopmentIssuer } from './adapters/jwt/development-issuer.ts';
import { loadDevelopmentSecret } from './adapters/jwt/development-secret.ts';
import { createJwtVerifier } from './adapters/jwt/jwt-verifier.ts';
import { createRemoteKeySet } from './adapters/jwt/remote-key-set.ts';
import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import { parseTokenClaims } from './core/token-claims.ts';

/** Who tokens are taken from, and what the store adds; without a secret or key set, people sign in by name alone. */
export async function createIdentity({ config, clock, telemetry }: Ground, stores: Stores) {
  const { tokens } = config;
  const { log } = telemetry;
  const isDevelopment = tokens.secret === null && tokens.keySet === null;
  const developmentSecret = isDevelopment ? await loadDevelopmentSecret(config.dataDir) : null;
  const jwtVerifier = createJwtVerifier({
    ...tokens,
    secret: tokens.secret ?? developmentSecret,
    keySet:
      tokens.keySet === null
        ? null
        : { ...tokens.keySet, keys: createRemoteKeySet({ url: tokens.keySet.url, clock, log }) },
    clock,
    parseClaims: (payload) => parseTokenClaims(payload, tokens.defaultRole),
  });
  const hints = createInProcessAccessHints();
  const keyRing = createKeyRing({ keys: stores.keys, clock, log });
  const access = createAccess({ grants: stores.grants, keyRing, clock });
  const watch = createAccessWatch({ access, changes: stores.accessChanges, hints, keyRing, clock, telemetry });
  return {
    verifier: createCredentialVerifier({ tokens: jwtVerifier, keyRing, grants: stores.grants }),
    developmentIssuer:
      developmentSecret === null ? null : createDevelopmentIssuer({ secret: developmentSecret, clock }),
    access,
    watch,
    noteAccessChange: async (revision: number) => {
      hints.publish(revision);
      await watch.look();
    },
  };
}
