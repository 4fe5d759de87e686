import type { ErrorCode } from '@scriptorium/shared/error-codes';
import type { PresenceRights } from '../core/presence-policy.ts';
import type { Outbound } from './outbound.ts';

/** A client in a room, as the room sees it; the gateway implements it over a socket. */
export interface RoomSession {
  /** The token's `sub`: the actor of what the session sends. */
  readonly user: string;
  /** What others see of its user, by the token. */
  readonly displayName: string;
  /** Whether the session may write at this moment. Who may not is shown committed state only. */
  readonly writable: boolean;
  /** Whether it is told who is here, and whether others are told of it. */
  readonly presence: PresenceRights;
  send(outbound: Outbound): void;
  /** Everything up to this position of the room's order is durable now. */
  onDurable(durable: number): void;
  /** Presence of its client was refused; `code` says why. */
  onPresenceRefused(code: ErrorCode): void;
  /** The room will take no more; the session must end so that the client comes back to a fresh one. */
  onDiscarded(code: ErrorCode): void;
}
