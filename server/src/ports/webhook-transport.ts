/** One attempt to hand an event over. */
export interface WebhookRequest {
  /** Whose circuit it is: webhooks that fail are spared by themselves. */
  readonly webhookId: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

export type WebhookOutcome =
  /** Whatever was answered; bodies of answers are thrown away. */
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | null }
  /** No answer: `timeout`, `refused-address`, `unreachable`, `tls`. */
  | { readonly kind: 'failed'; readonly reason: WebhookFailure }
  /** Not tried, since most of the last attempts failed; worth another look after so many milliseconds. */
  | { readonly kind: 'spared'; readonly milliseconds: number };

export type WebhookFailure = 'timeout' | 'refused-address' | 'unreachable' | 'tls';

/**
 * Hands events to other people's servers, once per call.
 *
 * - The address that a name leads to is judged when the connection is made: loopback, private, link-local and other
 *   special networks are refused unless they were allowed. No redirect is followed, no proxy used, no credentials sent.
 * - An attempt ends within its deadline; of an answer no more is read than its head and a little of its body.
 * - Throws nothing.
 */
export interface WebhookTransport {
  send(request: WebhookRequest): Promise<WebhookOutcome>;
  /** Ends all connections. */
  close(): Promise<void>;
}
