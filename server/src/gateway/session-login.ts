import { ScriptoriumError } from '../core/errors.ts';
import type { RateLimitedLog } from '../observability/rate-limited-log.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { admit, isSamePerson, type AdmissionDeps } from './admission.ts';
import type { ClientSocket } from './client-socket.ts';
import { farewell } from './farewell.ts';
import { frameAddress, NO_ADDRESS, permissionDeniedFrame, statelessFrame } from './frames.ts';
import { Session } from './session.ts';

export type LoginDeps = AdmissionDeps & {
  readonly telemetry: Telemetry;
  readonly warnings: RateLimitedLog;
  /** How many sockets the node ends because it is going away; 0 while it stays. */
  readonly leaving: () => number;
};

export interface Login {
  readonly address: string;
  readonly token: string;
}

const MAX_FAILED_LOGINS = 5;

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
  socket.identity ??= identity;
  const own = socket.dialect === 'hocuspocus' ? frameAddress(login.address) : NO_ADDRESS;
  return new Session({ ...admission, socket, address: own });
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
    const message = farewell(code, deps.leaving());
    if (message !== null && socket.dialect === 'hocuspocus')
      socket.send(statelessFrame(frameAddress(address), JSON.stringify(message)));
    socket.end(code, close ?? 'forbidden');
    return;
  }
  socket.send(permissionDeniedFrame(frameAddress(address), code));
  socket.failedLogins += 1;
  if (socket.failedLogins >= MAX_FAILED_LOGINS) socket.end('unauthenticated');
}
