import { z } from 'zod';

/** Longest message to clients: it is sent to each of them, and to every node. */
const PAYLOAD_MAX_LENGTH = 16 * 1024;

/** Answer of `GET /v1/documents/{name}/presence`. */
export const presenceSchema = z
  .object({
    clients: z.array(
      z.object({
        client: z.number().meta({ description: 'Its clientID in the document.' }),
        user: z.string().meta({ description: 'Whose it is, by its token.' }),
        state: z.unknown().meta({ description: 'What it shows of itself, as it says: a name, a cursor.' }),
      }),
    ),
  })
  .meta({ id: 'Presence', examples: [{ clients: [{ client: 7, user: 'ada', state: { user: { name: 'Ada' } } }] }] });

export type PresenceView = z.infer<typeof presenceSchema>;

/** Body of `POST /v1/documents/{name}/broadcast`. */
export const broadcastBodySchema = z
  .strictObject({
    payload: z
      .string()
      .max(PAYLOAD_MAX_LENGTH)
      .refine((text) => !text.includes('"scriptorium.'), "is one of the server's own messages")
      .meta({ description: 'As clients get it; text of your own, JSON mostly.' }),
  })
  .meta({ id: 'Broadcast', examples: [{ payload: '{"type":"reload-comments"}' }] });
