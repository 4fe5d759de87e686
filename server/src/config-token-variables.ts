import { ROLES } from '@scriptorium/shared/roles';
import { z } from 'zod';
import { integer, optionalText, variable } from './config-variable.ts';

const LOOPBACK_URL = /^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(\/|$)/;

/** https, or http on this machine: whoever can change the keys on their way can sign in as anybody. */
function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return username === '' && password === '' && (protocol === 'https:' || LOOPBACK_URL.test(text));
}

/** The variables that say whose tokens are taken. */
export const TOKEN_VARIABLES = {
  JWT_SECRET: optionalText(
    'Secret of the tokens (HS256). This or `JWKS_URL` is needed on any host that others can reach; without both, on a loopback host, people sign in by name alone.',
  ),
  JWT_ISSUER: optionalText('Only tokens with this `iss` are taken.'),
  JWT_AUDIENCE: optionalText('Only tokens with this `aud` are taken.'),
  JWKS_URL: variable(
    z
      .string()
      .max(4096, 'is too long')
      .refine(isSafeUrl, 'must be an https:// address without a password, or http:// on this machine')
      .optional(),
    '',
    'Key set of who signs tokens elsewhere (RS256, ES256, EdDSA), fetched every few minutes; beside `JWT_SECRET` or without it.',
  ),
  JWKS_ISSUER: optionalText('Only tokens of that key set with this `iss` are taken; `JWT_ISSUER` when absent.'),
  JWKS_AUDIENCE: optionalText('Only tokens of that key set with this `aud` are taken; `JWT_AUDIENCE` when absent.'),
  JWT_CLOCK_TOLERANCE_SECONDS: integer(
    { from: 0, to: 300, fallback: 5 },
    'By how much the clock of who signs may differ; a token lives that much longer here.',
  ),
  JWT_DEFAULT_ROLE: variable(
    z.enum(ROLES).exclude(['admin']).default('none'),
    'none',
    'Tenant-wide role of a token that has neither `role` nor `documents` nor `allowedDocumentNames`; `editor` is what Tiptap Collaboration does.',
  ),
} as const;
