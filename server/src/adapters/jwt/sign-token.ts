import { createSecretKey } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';

/** Who signs. */
export interface Signer {
  readonly secret: string | Uint8Array;
  readonly issuer: string | null;
  readonly audience: string | null;
}

/** Signs claims (with `sub` and `exp`) as an HS256 token that the verifier of the same configuration takes. */
export async function signToken(signer: Signer, claims: JWTPayload): Promise<string> {
  const secret = typeof signer.secret === 'string' ? Buffer.from(signer.secret, 'utf8') : signer.secret;
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setIssuedAt();
  if (signer.issuer !== null) jwt.setIssuer(signer.issuer);
  if (signer.audience !== null) jwt.setAudience(signer.audience);
  return jwt.sign(createSecretKey(secret));
}
