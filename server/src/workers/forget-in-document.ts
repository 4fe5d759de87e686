import { actorBytes } from '../core/forget-actor.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { AuthorshipStanding } from '../ports/authorship-store.ts';
import type { FanOut } from '../ports/fan-out.ts';
import type { DocumentId } from '../ports/update-log.ts';
import type { ErrorCode } from '@scriptorium/shared/error-codes';
import type { ForgetOrder, Forgotten } from './forget-order.ts';
import { ForgettingPass, type ForgettingDeps } from './forgetting-pass.ts';
import { removeLeftObjects } from './remove-left-objects.ts';

export interface ForgetDeps extends ForgettingDeps {
  /** The rooms of this node. */
  readonly rooms: { discard(documentId: DocumentId, code: ErrorCode): void };
  readonly fanOut: Pick<FanOut, 'publish'>;
  /** Incarnation of this node. */
  readonly node: string;
  /** Told when a document says other names than before, for those who keep some of them. Must not throw. */
  readonly onForgotten: (documentId: DocumentId) => void;
}

/**
 * Puts a pseudonym in the place of a person everywhere in one document: in rows, in history segments, in rows that were
 * set aside, and in the clientIDs bound to them. What they wrote stays. It goes over the document until a whole pass has
 * found nothing; a call that was cut off at any point is made again, and ends the same.
 *
 * The person must be refused by now, and their sessions closed: who still writes is found again and again.
 *
 * Throws `overloaded` when they do, `document-quarantined` when a segment cannot be read, so that nobody can say whether
 * it names them, and `storage-unavailable`.
 */
export type ForgetInDocument = (order: ForgetOrder) => Promise<Forgotten>;

/** Passes before somebody has to find out who goes on writing. */
const MOST_PASSES = 12;

export function createForgetInDocument(deps: ForgetDeps): ForgetInDocument {
  return async (order) => {
    if (order.subject === '' || order.subject === order.pseudonym) throw new TypeError('nobody to forget');
    const forgotten: Forgotten = { rows: 0, segments: 0, bindings: 0 };
    for (let pass = 0; pass < MOST_PASSES; pass += 1) {
      if (await isClean(deps, order, forgotten)) return forgotten;
    }
    throw new ScriptoriumError('overloaded', 'somebody goes on writing under a name that is to be forgotten');
  };
}

/** One pass; true when it found nothing. */
async function isClean(deps: ForgetDeps, order: ForgetOrder, forgotten: Forgotten): Promise<boolean> {
  const { id } = order.document;
  const standing = await deps.authorship.readStanding(id, order.subject);
  if (standing === null) return true;
  const pass = new ForgettingPass(deps, { ...order, standing, forgotten });
  const after = await pass.rewrite();
  if (!pass.hasFound) {
    await removeLeftObjects(deps, order);
    return true;
  }
  const seal = { bytes: actorBytes(order.subject), after, from: order.subject, to: order.pseudonym };
  if (await pass.seal(seal)) tell(deps, id, standing);
  return false;
}

/** Rooms find out by themselves, with their next row or the next comparison of heads; so they need not wait for it. */
function tell(
  { rooms, fanOut, node, onForgotten }: ForgetDeps,
  documentId: DocumentId,
  standing: AuthorshipStanding,
): void {
  if (standing.isLive) {
    rooms.discard(documentId, 'room-discarded');
    fanOut.publish({ node, documentId, epoch: standing.epoch + 1, seq: standing.head, payload: null });
  }
  onForgotten(documentId);
}
