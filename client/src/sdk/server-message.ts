import type { ServerMessage } from '@scriptorium/shared/stateless-messages';

type Fields = Readonly<Record<string, unknown>>;
type FieldType = 'number' | 'string' | 'boolean';

/** The fields of each message. The schema itself stays on the server: here it would cost 25 kB. */
const FIELDS: { readonly [T in ServerMessage['type']]: Readonly<Record<string, FieldType>> } = {
  'scriptorium.welcome': { epoch: 'number', seq: 'number', schemaVersion: 'number', readOnly: 'boolean' },
  'scriptorium.durable': { id: 'number', epoch: 'number', seq: 'number', stateVector: 'string' },
  'scriptorium.refused': { code: 'string', title: 'string', readOnly: 'boolean' },
  'scriptorium.notice': { code: 'string', title: 'string' },
  'scriptorium.reconnect': { code: 'string', from: 'number', to: 'number' },
};

/** Parses the text of a stateless message; `null` when it is not one of the server's. */
export function parseServerMessage(payload: string): ServerMessage | null {
  if (!payload.includes('"scriptorium.')) return null;
  try {
    const value: unknown = JSON.parse(payload);
    return isServerMessage(value) ? value : null;
  } catch {
    return null;
  }
}

function isServerMessage(value: unknown): value is ServerMessage {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Fields;
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) return false;
  const expected = FIELDS[type as ServerMessage['type']];
  const optional = [fields['client'], fields['size'], fields['limit']];
  if (optional.some((value) => value !== undefined && typeof value !== 'number')) return false;
  return Object.entries(expected).every(([name, fieldType]) => typeof fields[name] === fieldType);
}
