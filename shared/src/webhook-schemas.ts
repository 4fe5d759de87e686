import { z } from 'zod';
import { EVENT_TYPES } from './event-types.ts';
import { parseGrantResource, WHOLE_TENANT } from './grant-resource.ts';
import { DOCUMENT_NAME_MAX_LENGTH } from './document-name.ts';

const EXAMPLE_TIME = '2026-11-23T09:30:00.000Z';
const URL_MAX_LENGTH = 2_048;
const LABEL_MAX_LENGTH = 100;
const DOCUMENTS_MAX = 100;

const timeSchema = z.iso.datetime().meta({ examples: [EXAMPLE_TIME] });

/** Credentials in an address end up in logs; a fragment is never sent. */
function isTarget(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && hash === '';
}

const eventsSchema = z
  .array(z.enum(EVENT_TYPES))
  .max(EVENT_TYPES.length)
  .meta({ description: 'Types of events; an empty list stands for all, those of later versions too.' });

const documentsSchema = z
  .array(
    z
      .string()
      .max(DOCUMENT_NAME_MAX_LENGTH)
      .refine(
        (text) => parseGrantResource(text) !== null,
        'is neither a document name nor a prefix with a * behind it',
      ),
  )
  .min(1)
  .max(DOCUMENTS_MAX)
  .meta({ description: 'Names, or prefixes with a `*` behind them.' });

const targetSchema = z
  .string()
  .max(URL_MAX_LENGTH)
  .refine(isTarget, 'is not an http or https address without credentials and fragment')
  .meta({ examples: ['https://example.org/hooks/scriptorium'] });

const labelSchema = z
  .string()
  .trim()
  .max(LABEL_MAX_LENGTH)
  .regex(/^\P{C}*$/u, 'holds characters that cannot be shown');

/** A webhook, without its secret. */
export const webhookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    label: z.string(),
    events: z.array(z.enum(EVENT_TYPES)),
    documents: z.array(z.string()),
    paused: z
      .string()
      .nullable()
      .meta({ description: '`by-hand`, `failing` (for a day) or `gone` (410); `null` while events are delivered.' }),
    failingSince: timeSchema.nullable().meta({ description: 'First failure since the last success.' }),
    deliveredAt: timeSchema.nullable().meta({ description: 'Last success; may lag behind by a minute.' }),
    previousEndsAt: timeSchema
      .nullable()
      .meta({ description: 'Until then the secret before the last rotation signs as well.' }),
    createdAt: timeSchema,
    createdBy: z.string(),
  })
  .meta({ id: 'Webhook' });

export type WebhookView = z.infer<typeof webhookSchema>;

export const webhookListSchema = z
  .object({ webhooks: z.array(webhookSchema), nextCursor: z.string().nullable() })
  .meta({ id: 'WebhookList' });

export type WebhookListView = z.infer<typeof webhookListSchema>;

/** Body of `POST /v1/webhooks`. */
export const webhookBodySchema = z
  .strictObject({
    url: targetSchema,
    label: labelSchema.default(''),
    events: eventsSchema.default([]),
    documents: documentsSchema.default([WHOLE_TENANT]),
  })
  .meta({
    id: 'WebhookBody',
    examples: [{ url: 'https://example.org/hooks/scriptorium', events: ['document.changed'], documents: ['notes/*'] }],
  });

export type WebhookInput = z.input<typeof webhookBodySchema>;

/** Body of `PATCH /v1/webhooks/{id}`. */
export const webhookChangeSchema = z
  .strictObject({
    url: targetSchema.optional(),
    label: labelSchema.optional(),
    events: eventsSchema.optional(),
    documents: documentsSchema.optional(),
    paused: z.boolean().optional().meta({ description: 'What happens meanwhile is delivered afterwards.' }),
  })
  .meta({ id: 'WebhookChange', examples: [{ paused: true }] });

export type WebhookChangeInput = z.input<typeof webhookChangeSchema>;

/** Answer of `POST /v1/webhooks` and of a rotation. */
export const webhookSecretSchema = z
  .object({
    webhook: webhookSchema,
    secret: z.string().meta({ description: 'Signs what is sent, by Standard Webhooks. Shown only now.' }),
  })
  .meta({ id: 'WebhookSecret' });

export type WebhookSecretView = z.infer<typeof webhookSecretSchema>;

const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;

/** One event on its way to a webhook. */
export const deliverySchema = z
  .object({
    id: z.string().meta({ description: "The event's, as in the header `webhook-id`." }),
    document: z.string(),
    number: z.number().int().meta({ description: "The event's number in its document." }),
    type: z.enum(EVENT_TYPES),
    state: z.enum(DELIVERY_STATES),
    queuedAt: timeSchema,
    attempts: z.number().int(),
    lastAt: timeSchema.nullable(),
    status: z.number().int().nullable().meta({ description: 'HTTP status of the last answer.' }),
    failure: z.string().nullable().meta({ description: 'Why the last attempt failed, in a word.' }),
    milliseconds: z.number().nullable(),
  })
  .meta({ id: 'Delivery' });

export const deliveryListSchema = z
  .object({ deliveries: z.array(deliverySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'DeliveryList' });

export type DeliveryListView = z.infer<typeof deliveryListSchema>;

/** Query of `GET /v1/webhooks/{id}/deliveries`. */
export const deliveryQuerySchema = z.strictObject({
  state: z.enum(DELIVERY_STATES).optional(),
  cursor: z.string().min(1).max(2048).optional().meta({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

/** Body of `POST /v1/webhooks/{id}/replay`. */
export const replayBodySchema = z
  .strictObject({
    which: z
      .enum(['dead', 'all'])
      .default('dead')
      .meta({ description: 'What was given up, or what was delivered as well.' }),
    since: timeSchema.optional().meta({ description: 'Only what happened since then.' }),
    document: z.string().max(DOCUMENT_NAME_MAX_LENGTH).optional(),
  })
  .meta({ id: 'ReplayBody', examples: [{ which: 'dead', since: EXAMPLE_TIME }] });

export type ReplayInput = z.input<typeof replayBodySchema>;

export const replayedSchema = z
  .object({ replayed: z.number().int().meta({ description: 'Events that are owed again.' }) })
  .meta({ id: 'Replayed' });

export type ReplayedView = z.infer<typeof replayedSchema>;
