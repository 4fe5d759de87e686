const TOKEN_PARAMETER = /([?&#;\s]|^)((?:access_)?token)=[^&#\s"']*/gi;
const BEARER = /\b(bearer)\s+[\w~+/.=-]+/gi;
/** Three base64url parts, the first of which opens a JSON object: a JWT. */
const JWT = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;

/** Takes tokens out of a text that is about to be logged, whatever part of a message or address they sit in. */
export function redactTokens(text: string): string {
  if (!/token=|bearer|eyJ/i.test(text)) return text;
  return text.replace(TOKEN_PARAMETER, '$1$2=[redacted]').replace(BEARER, '$1 [redacted]').replace(JWT, '[redacted]');
}
