import { ERRORS, type ErrorCode } from '@scriptorium/shared/error-codes';
import type { ServerMessage } from '@scriptorium/shared/stateless-messages';
import { planReturn } from '../core/departure-plan.ts';

/**
 * What our own client is told before its socket ends and it should come back, so that it comes back at a time of its
 * own; `null` where it should not. Stock clients return by their own backoff. `sockets` are ended for one reason.
 */
export function farewell(code: ErrorCode, sockets: number): ServerMessage | null {
  return ERRORS[code].retryable ? { type: 'scriptorium.reconnect', code, ...planReturn(code, sockets) } : null;
}
