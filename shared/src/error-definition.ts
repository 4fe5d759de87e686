import type { CloseReason } from './close-codes.ts';

/** How loudly the server logs an error of this kind. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What one error code means on every surface that can carry it. */
export interface ErrorDefinition {
  /** One sentence for people. */
  readonly title: string;
  /** HTTP status of a REST answer. */
  readonly status: number;
  /** Close code of the socket where the error ends one, else `null`. */
  readonly close: CloseReason | null;
  readonly level: LogLevel;
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean;
}
