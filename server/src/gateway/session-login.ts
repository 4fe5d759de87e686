import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { ScriptoriumError } from '../core/errors.ts';
import type { RateLimitedLog } from '../observability/rate-limited-log.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { TenantQuotas } from '../access/tenant-quotas.ts';
import type { OwnerBudgets } from './owner-budgets.ts';
import { admit, isSamePerson, type AdmissionDeps } from './admission.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ConnectionLimit } from '../core/connection-limit.ts';
import { farewell } from './farewell.ts';
import { frameAddress, NO_ADDRESS, permissionDeniedFrame, statelessFrame } from './frames.ts';
import { Session } from './session.ts';

export type LoginDeps = AdmissionDeps & {
  readonly telemetry: Telemetry;
  readonly warnings: RateLimitedLog;
  /** How many sockets the node ends because it is going away; 0 while it stays. */
  readonly leaving: () => number;
  /** Sockets of one tenant on this node. */
  readonly tenantSockets: ConnectionLimit;
  readonly quotas: Pick<TenantQuotas, 'isFull'>;
  readonly owners: OwnerBudgets;
};

export interface Login {
  readonly address: string;
  readonly token: string;
}

/** Refusals that say something about a token; others say something about a document, and stand in nobody's way. */
const TOKEN_CODES: ReadonlySet<ErrorCode> = new Set(['unauthenticated', 'token-expired']);

/** Lets a client into a document; `null` when its socket has gone meanwhile. Throws coded errors. */
export async function letIn(deps: LoginDeps, socket: ClientSocket, login: Login): Promise<Session | null> {
  if (deps.leaving() > 0) throw new ScriptoriumError('shutting-down');
  const admission = await admit(deps, { ...login, owner: socket.identity, socket });
  const { identity } = admission;
  // Another login may have fixed the socket's owner while this one waited.
  const isOwner = isSamePerson(socket.identity ?? identity, identity);
  if (!socket.open || !isOwner || deps.leaving() > 0) {
    deps.rooms.release(admission.room);
    if (!socket.open) return null;
    if (isOwner) throw new ScriptoriumError('shutting-down');
    throw new ScriptoriumError('forbidden', 'a socket belongs to one user of one tenant');
  }
  if (socket.identity === null) {
    if (!deps.tenantSockets.take(identity.tenant)) {
      deps.rooms.release(admission.room);
      throw new ScriptoriumError('too-many-connections', 'the tenant has all the connections open that it may');
    }
    socket.signIn(identity);
    socket.enterStage('inside');
    deps.owners.join(socket);
  }
  const own = socket.dialect === 'hocuspocus' ? frameAddress(login.address) : NO_ADDRESS;
  const isTenantFull = (): boolean => deps.quotas.isFull(identity.tenant);
  const counts = deps.telemetry.metrics.tenant(identity.tenant);
  return new Session({ ...admission, socket, address: own, isTenantFull, counts });
}

/** Answers a login that failed, in words that a stock client understands. */
export function turnAway(
  deps: LoginDeps,
  socket: ClientSocket,
  { address, error }: { readonly address: string; readonly error: ScriptoriumError },
): void {
  const { code, detail = null } = error;
  const { retryable, close } = error.definition;
  deps.warnings.warn(`login ${code}`, 'login_refused', { code, detail });
  if (code === 'internal') deps.telemetry.log.error('login_failed', {}, error.cause);
  // A stock client takes a refusal for final, so what may work in a moment ends the socket instead.
  if (retryable || socket.dialect === 'y-websocket') {
    if (TOKEN_CODES.has(code)) socket.noteFailedLogin();
    const message = farewell(code, deps.leaving());
    if (message !== null && socket.dialect === 'hocuspocus')
      socket.send(statelessFrame(frameAddress(address), JSON.stringify(message)));
    socket.end(code, close ?? 'forbidden');
    return;
  }
  socket.send(permissionDeniedFrame(frameAddress(address), code));
  if (socket.identity === null) socket.enterStage('outside');
  // Whom nobody let in yet tries tokens, or names; who is in may ask for documents that are not there.
  if (socket.identity === null || TOKEN_CODES.has(code)) socket.noteFailedLogin();
}
