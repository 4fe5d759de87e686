import { z } from 'zod';

export { SCHEMA_VERSION } from './schema-version.ts';

/** What our client sends in stateless messages, as JSON. Other payloads belong to the embedding application. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  /** First message of a session: what the client is. */
  z.object({
    type: z.literal('scriptorium.hello'),
    schemaVersion: z.number().int().min(0),
    client: z.string().max(64),
  }),
  /** Asks for a `durable` answer once every frame sent before this one is committed or refused. */
  z.object({ type: z.literal('scriptorium.probe'), id: z.number().int().min(0) }),
]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** What the server sends in stateless messages, as JSON. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  /**
   * Answer to `hello`, and sent again when what the session may do changes. `epoch` changes when the document is a new
   * incarnation under the same name. With the scope `comments` only what lies below the root `comments` may be written.
   */
  z.object({
    type: z.literal('scriptorium.welcome'),
    epoch: z.number().int(),
    seq: z.number().int(),
    schemaVersion: z.number().int(),
    readOnly: z.boolean(),
    scope: z.enum(['all', 'comments', 'none']).optional(),
  }),
  /** Answer to `probe`: `stateVector` is the committed state's, base64 of Yjs's encoding. */
  z.object({
    type: z.literal('scriptorium.durable'),
    id: z.number().int(),
    epoch: z.number().int(),
    seq: z.number().int(),
    stateVector: z.string(),
  }),
  /** Something the session sent was refused; `readOnly` tells whether it may still write. `client` names the forked clientID. */
  z.object({
    type: z.literal('scriptorium.refused'),
    code: z.string(),
    title: z.string(),
    readOnly: z.boolean(),
    client: z.number().int().optional(),
  }),
  /** Something that is no refused edit but worth knowing: a limit is near, or something besides edits was left out. */
  z.object({
    type: z.literal('scriptorium.notice'),
    code: z.string(),
    title: z.string(),
    /** Of a limit: what there is, and what there may be. */
    size: z.number().optional(),
    limit: z.number().optional(),
  }),
  /**
   * The server is about to end the connection: come back after a time within these milliseconds, chosen by chance, so
   * that not everybody who is sent away comes back in one moment. `code` says why.
   */
  z.object({
    type: z.literal('scriptorium.reconnect'),
    code: z.string(),
    from: z.number(),
    to: z.number(),
  }),
]);

export type ServerMessage = z.infer<typeof serverMessageSchema>;

/** Parses the text of a stateless message by one of the schemas above; `null` when it is not one of ours. */
export function parseStatelessMessage<T>(schema: z.ZodType<T>, payload: string): T | null {
  if (!payload.includes('"scriptorium.')) return null;
  try {
    const result = schema.safeParse(JSON.parse(payload));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
