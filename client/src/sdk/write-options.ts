/** What a write may demand. */
export interface WriteOptions {
  /** Entity tag of the state that is to be changed; `precondition-failed` when it is another. */
  readonly ifMatch?: string;
  /** The same call with the same key changes nothing a second time. */
  readonly idempotencyKey?: string;
}

/** The headers that demand it. */
export function toHeaders({ ifMatch, idempotencyKey }: WriteOptions = {}): Readonly<
  Record<string, string | undefined>
> {
  return { 'if-match': ifMatch, 'idempotency-key': idempotencyKey };
}
