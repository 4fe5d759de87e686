import type { DocumentName } from '@scriptorium/shared/document-name';
import type { Action } from '@scriptorium/shared/roles';
import { parseAddress, type Address } from '../core/address.ts';
import { ScriptoriumError, toScriptoriumError } from '../core/errors.ts';
import { decide, type Rights } from '../core/permissions.ts';
import { scopeFor } from '../core/session-standing.ts';
import { presenceFor, type PresencePolicy, type PresenceRights } from '../core/presence-policy.ts';
import type { WriteScope } from '../core/write-scope.ts';
import { type Access, describeLoss } from '../access/access.ts';
import type { AuditJournal } from '../ports/audit-journal.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentCatalog, DocumentRecord } from '../ports/document-catalog.ts';
import type { Identity, TokenVerifier } from '../ports/token-verifier.ts';
import { readTombstone } from '../rooms/read-tombstone.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import type { Room } from '../rooms/room.ts';
import type { AdmissionQueue } from './admission-queue.ts';

export interface AdmissionDeps {
  readonly verifier: TokenVerifier;
  readonly access: Access;
  readonly catalog: DocumentCatalog;
  readonly rooms: RoomRegistry;
  readonly journal: AuditJournal;
  readonly clock: Clock;
  readonly presencePolicy: PresencePolicy;
  /** Shared by all sockets of the node. */
  readonly admissions: AdmissionQueue;
}

/** Somebody who was let into a document; the room is held for them. */
export interface Admission {
  readonly identity: Identity;
  readonly room: Room;
  /** The document's name of today, which decides what a token grants. */
  readonly name: DocumentName;
  readonly scope: WriteScope;
  readonly presence: PresenceRights;
}

export interface Knock {
  /** Address of the frame, as the client wrote it. */
  readonly address: string;
  readonly token: string;
  /** Who the socket belongs to already; its tenant and user are fixed by the first token. */
  readonly owner: Identity | null;
  /** Who knocks: nothing is opened for a socket that has gone meanwhile. */
  readonly socket: { readonly open: boolean };
}

/** Checks the token and what it grants, finds or creates the document, and opens its room. Throws coded errors. */
export async function admit(deps: AdmissionDeps, knock: Knock): Promise<Admission> {
  const address = parseAddress(knock.address);
  if (address === null) throw new ScriptoriumError('invalid-document-name');
  const identity = await identify(deps.verifier, knock);
  let isErased = false;
  const onErased = (): void => void (isErased = true);
  try {
    const admission = await deps.admissions.run(
      knock.socket,
      () => openDocument(deps, { identity, address, socket: knock.socket, onErased }),
      ({ room }) => {
        deps.rooms.release(room);
      },
    );
    noteOpen(deps, admission);
    return admission;
  } catch (error) {
    // Whoever was erased is named nowhere any more, however often they knock.
    if (!isErased) noteRefusal(deps, { identity, address, error });
    throw error;
  }
}

/** Who came in, and with which links. */
function noteOpen({ journal, clock }: AdmissionDeps, { identity, name, scope }: Admission): void {
  const entry = { user: identity.user, at: clock.now(), document: name };
  journal.note(identity.tenant, { ...entry, action: 'document.open', detail: { writes: scope } });
  for (const id of identity.links)
    journal.note(identity.tenant, { ...entry, action: 'link.use', subject: `link:${id}` });
}

/** Who was known and not let in; of a token that is none nobody knows whose it is. */
function noteRefusal(
  { journal, clock }: AdmissionDeps,
  { identity, address, error }: { readonly identity: Identity; readonly address: Address; readonly error: unknown },
): void {
  const { code, definition } = toScriptoriumError(error);
  if (definition.status !== 401 && definition.status !== 403) return;
  const entry = { user: identity.user, at: clock.now(), document: address.name, detail: { code } };
  journal.note(identity.tenant, { ...entry, action: 'document.refuse' });
}

interface Opening extends Pick<Knock, 'socket'> {
  readonly identity: Identity;
  readonly address: Address;
  readonly onErased: () => void;
}

async function openDocument(deps: AdmissionDeps, { identity, address, socket, onErased }: Opening): Promise<Admission> {
  if (!socket.open) throw new ScriptoriumError('shutting-down');
  const { rights, isErased = false } = await deps.access.standingOf(identity);
  if (isErased) onErased();
  if (rights === null) throw new ScriptoriumError('unauthenticated', describeLoss(isErased));
  const { record, tombstone } = await findDocument(deps, { identity, rights }, address);
  // After a rename the document's name of today decides, not the one it was asked for by.
  if (!allows(rights, record.name, 'read')) throw new ScriptoriumError('forbidden');
  const room = await deps.rooms.open(record.id, readTombstone(tombstone));
  const scope = room.quarantine === null ? scopeFor(rights, record.name) : 'none';
  const presence = presenceFor(rights, record.name, deps.presencePolicy);
  return { identity, room, name: record.name, scope, presence };
}

function allows(rights: Rights, name: DocumentName, action: Action): boolean {
  return decide(rights, name, action).kind === 'allowed';
}

/** Whether two identities are one user of one tenant. */
export function isSamePerson(one: Identity, other: Identity): boolean {
  return one.tenant === other.tenant && one.user === other.user;
}

/** Verifies a token and holds it against the socket's owner. */
export async function identify(verifier: TokenVerifier, knock: Pick<Knock, 'token' | 'owner'>): Promise<Identity> {
  const verification = await verifier.verify(knock.token);
  if (verification.kind === 'invalid') throw new ScriptoriumError(verification.code, verification.detail);
  const { identity } = verification;
  const { owner } = knock;
  if (owner !== null && !isSamePerson(owner, identity)) {
    throw new ScriptoriumError('forbidden', 'a socket belongs to one user of one tenant');
  }
  return identity;
}

async function findDocument(
  deps: AdmissionDeps,
  { identity, rights }: { readonly identity: Identity; readonly rights: Rights },
  address: Address,
): Promise<{ readonly record: DocumentRecord; readonly tombstone: Uint8Array | null }> {
  const { name } = address;
  const resolution = await deps.catalog.resolve(identity.tenant, name);
  switch (resolution.kind) {
    case 'found':
    case 'renamed':
      return resolution;
    case 'deleted':
      throw new ScriptoriumError(allows(rights, name, 'read') ? 'document-deleted' : 'forbidden');
    case 'absent':
      if (!allows(rights, name, 'read')) throw new ScriptoriumError('forbidden');
      if (!allows(rights, name, 'create')) throw new ScriptoriumError('document-not-found');
      return {
        record: (await deps.catalog.create(identity.tenant, name, identity.user, deps.clock.now())).record,
        tombstone: null,
      };
  }
}
