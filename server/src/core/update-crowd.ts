import type { UpdateLimits } from './limits.ts';
import type { Effort } from './update-effort.ts';
import type { ClientBlock } from './update-structure.ts';
import { RefusedBytes, refuse } from './update-refusal.ts';
import { structAt, type StructId, type StructPlace } from './update-struct.ts';

/** What tells which list of the document a struct without origin goes to. */
export interface InsertionList {
  /** A known struct of the list, else `null`: then the parent is a known struct or a root. */
  readonly member: StructId | null;
  readonly parent: StructId | null;
  readonly root: string | null;
  readonly key: string | null;
}

/** Where a struct is to be inserted: behind a known origin, or at the start of a list. */
export interface InsertionPlace {
  readonly client: number;
  readonly origin: StructId | null;
  /** May be new, then nothing that is known ends the search. */
  readonly rightOrigin: StructId | null;
  readonly list: InsertionList | null;
}

/** What the check asks about the document and the update. */
export interface CrowdSource {
  /** The structs of a client in the update. */
  block(client: number): ClientBlock | undefined;
  /** Next expected clock of a client in the document; what lies below is known. */
  knownClock(client: number): number;
  /** How many known items Yjs would look at to find the place; stops when the effort runs out. */
  conflicts(place: InsertionPlace, effort: Effort): number;
  /** Name of the root and key of the parent, read from the bytes of the struct. */
  parentNames(start: number): { readonly root: string | null; readonly key: string | null };
}

/** A struct to insert: where it stands in the update, and what it refers to. */
export interface Insertion {
  readonly client: number;
  readonly clock: number;
  /** Byte offset. */
  readonly start: number;
  readonly place: StructPlace;
}

/** As many structs of one part may stand in each other's way. */
const CROWD = 64;

/** What was inserted directly right of a place, or at the start of a list. */
interface Slot {
  /** The last struct, when each was put in front of the one before it; else `null`. */
  readonly last: StructId | null;
  /** The list, when the slot is its start and the document has it. */
  readonly list: InsertionList | null;
}

/**
 * Bounds the work of merging. Yjs finds the place of an insertion among others at the same place by looking at each of
 * them, so that thousands of structs between one origin and different right origins take quadratic time: 60 KB of them
 * block a server for twenty seconds. Honest concurrent insertions at one place are few.
 *
 * An insertion next to which nothing else was inserted costs nothing. One in a crowd is counted where the crowd is
 * known to the document; in a larger crowd that the update itself brings it has to wait until that is applied.
 */
export class CrowdCheck {
  readonly #source: CrowdSource;
  readonly #limits: UpdateLimits;
  readonly #effort: Effort;
  /** Only kept where there is more than one struct. */
  readonly #slots: Map<string, Slot> | null;
  /** Slots at the start of a list, by the structs that were put there. */
  readonly #starts = new Map<string, string>();
  #count = 0;

  constructor(
    source: CrowdSource,
    account: { readonly limits: UpdateLimits; readonly effort: Effort; readonly structs: number },
  ) {
    this.#source = source;
    this.#limits = account.limits;
    this.#effort = account.effort;
    this.#slots = account.structs > 1 ? new Map() : null;
  }

  /** Whether the struct can go in with those that were passed before; throws `RefusedBytes` when it costs too much. */
  admits(insertion: Insertion): boolean {
    const { client, clock, place } = insertion;
    const key = this.#slots === null ? '' : this.#slotKey(insertion);
    const slot = this.#slots?.get(key);
    const isInFront = slot?.last?.client === place.rightClient && slot.last.clock === place.rightClock;
    const list = slot?.list ?? this.#listOf(insertion);
    const cost = isInFront ? 0 : this.#cost(insertion, slot, list);
    if (cost === null || (cost > 0 && this.#count >= CROWD)) return false;
    this.#count += 1;
    this.#charge(cost);
    this.#slots?.set(key, { last: cost === 0 ? { client, clock } : null, list });
    if (place.originClient === -1 && this.#slots !== null) this.#starts.set(idKey(client, clock), key);
    return true;
  }

  /** What Yjs has to look at to find the place; `null` when it cannot be told yet. */
  #cost({ client, place }: Insertion, slot: Slot | undefined, list: InsertionList | null): number | null {
    const crowd = slot === undefined ? 0 : CROWD;
    const origin = toId(place.originClient, place.originClock);
    if (origin !== null && this.#isNew(origin)) {
      return crowd === 0 && (this.#isLastUnit(origin) || isNext(place)) ? 0 : CROWD;
    }
    const rightOrigin = toId(place.rightClient, place.rightClock);
    // A list that the update itself brings; or, next to something new in it, the way there is not known yet.
    if (origin === null && list === null) return slot === undefined && rightOrigin !== null ? null : crowd;
    const count = this.#source.conflicts({ client, origin, rightOrigin, list }, this.#effort);
    if (count > this.#limits.conflicts) throw tooMuch();
    return count <= 1 ? crowd : count + crowd;
  }

  #charge(cost: number): void {
    this.#effort.left -= cost;
    if (this.#effort.left < 0) throw tooMuch();
  }

  #listOf({ start, place }: Insertion): InsertionList | null {
    if (place.originClient !== -1) return null;
    const member = toId(place.rightClient, place.rightClock);
    if (member !== null) return this.#isNew(member) ? null : { member, parent: null, root: null, key: null };
    const parent = toId(place.parentClient, place.parentClock);
    if (parent !== null && this.#isNew(parent)) return null;
    return { member: null, parent, ...this.#source.parentNames(start) };
  }

  #slotKey({ start, place }: Insertion): string {
    if (place.originClient !== -1) return idKey(place.originClient, place.originClock);
    if (place.rightClient !== -1) {
      const right = idKey(place.rightClient, place.rightClock);
      return this.#starts.get(right) ?? `before ${right}`;
    }
    const { root, key } = this.#source.parentNames(start);
    const parent = root === null ? idKey(place.parentClient, place.parentClock) : `root ${root}`;
    return key === null ? `start ${parent}` : `key ${parent} ${key}`;
  }

  #isNew({ client, clock }: StructId): boolean {
    return clock >= this.#source.knownClock(client);
  }

  /** The units of one struct stand next to each other, so only behind the last one nothing is yet. */
  #isLastUnit({ client, clock }: StructId): boolean {
    const block = this.#source.block(client);
    if (block === undefined) return false;
    return (block.clocks[structAt(block, clock) + 1] ?? block.endClock) === clock + 1;
  }
}

function tooMuch(): RefusedBytes {
  return new RefusedBytes(refuse('limit-exceeded', 'too much was inserted at one place'));
}

function toId(client: number, clock: number): StructId | null {
  return client === -1 ? null : { client, clock };
}

function idKey(client: number, clock: number): string {
  return `${client}:${clock}`;
}

function isNext(place: StructPlace): boolean {
  return place.rightClient === place.originClient && place.rightClock === place.originClock + 1;
}
