import type { FileFormat } from '@scriptorium/shared/export-schemas';
import type { Conversions } from '../content/conversions.ts';

/** A content as it was sent. */
export interface ContentBody {
  readonly format: FileFormat;
  readonly bytes: Uint8Array;
}

/** The edit that a body asks for; `null` when there is nothing to change. A Yjs update is one, and is merged. */
export function composeBody(
  conversions: Conversions,
  body: ContentBody,
  base: { readonly state: Uint8Array; readonly clientId: number },
): Promise<Uint8Array | null> {
  if (body.format === 'yjs') return Promise.resolve(body.bytes);
  return conversions.replace({ base: base.state, format: body.format, body: body.bytes, clientId: base.clientId });
}
