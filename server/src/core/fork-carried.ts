import { contentDigests, readStructContent, type StructContent } from './fork-content.ts';
import { STRUCT_KIND } from './update-content.ts';
import type { ClockRange } from './update-gate.ts';
import type { ParsedUpdate } from './update-structure.ts';
import { createStructPlace, readStructPlace, structAt } from './update-struct.ts';

/** How much a record may hold; the oldest ranges go first. */
export interface CarriedLimits {
  readonly ranges: number;
  /** Clock units with a digest, 8 bytes each at most. */
  readonly digests: number;
}

/** Room for a crash's worth of carried text, at about 2 MB a document. */
export const defaultCarriedLimits: CarriedLimits = Object.freeze({ ranges: 4096, digests: 262_144 });

/**
 * Remembers what other users' sessions brought under a user's clientIDs, so that a fork still shows when the owner
 * writes and the brought structs are deleted or collected by then.
 */
export interface CarriedRanges {
  /** Notes the clocks of `range`, which must be new to the document, as they are in the update. */
  note(parsed: ParsedUpdate, range: ClockRange): void;
  /** Whether what was noted at these clocks differs from the content, which starts at `clock`. */
  differs(client: number, clock: number, content: StructContent): boolean;
}

/** Makes an empty record. */
export function createCarriedRanges(limits: CarriedLimits = defaultCarriedLimits): CarriedRanges {
  return new CarriedRecord(limits);
}

interface CarriedRange {
  readonly client: number;
  readonly clock: number;
  /** Clock after the last one. */
  end: number;
  /** One per clock unit; `null` for structs that came without content. */
  readonly digests: readonly number[] | null;
}

class CarriedRecord implements CarriedRanges {
  readonly #limits: CarriedLimits;
  /** Oldest first. */
  #ranges: CarriedRange[] = [];
  readonly #byClient = new Map<number, CarriedRange[]>();
  #digests = 0;

  constructor(limits: CarriedLimits) {
    this.#limits = limits;
  }

  note(parsed: ParsedUpdate, range: ClockRange): void {
    const block = parsed.blocks.find((candidate) => candidate.client === range.client);
    if (block === undefined) return;
    const place = createStructPlace();
    for (let index = structAt(block, range.from); index < block.starts.length; index += 1) {
      const clock = block.clocks[index] ?? 0;
      if (clock >= range.to) break;
      readStructPlace(parsed.bytes, block.starts[index] ?? 0, place);
      const kind = place.info & 31;
      if (kind === STRUCT_KIND.skip) continue;
      const from = Math.max(clock, range.from);
      const end = Math.min(block.clocks[index + 1] ?? block.endClock, range.to);
      const content = readStructContent(parsed.bytes, kind, place.contentStart);
      const digests = content.kind === 'gone' ? null : contentDigests(content).slice(from - clock, end - clock);
      this.#add({ client: range.client, clock: from, end, digests });
    }
  }

  differs(client: number, clock: number, content: StructContent): boolean {
    const digests = contentDigests(content);
    const end = clock + digests.length;
    return (this.#byClient.get(client) ?? []).some((range) => {
      const from = Math.max(clock, range.clock);
      const to = Math.min(end, range.end);
      if (from >= to) return false;
      if (range.digests === null) return true;
      for (let at = from; at < to; at += 1) {
        if (digests[at - clock] !== range.digests[at - range.clock]) return true;
      }
      return false;
    });
  }

  #add(range: CarriedRange): void {
    const ofClient = this.#byClient.get(range.client) ?? [];
    const last = ofClient.at(-1);
    if (last !== undefined && last.digests === null && range.digests === null && last.end === range.clock) {
      last.end = range.end;
      return;
    }
    ofClient.push(range);
    this.#byClient.set(range.client, ofClient);
    this.#ranges.push(range);
    this.#digests += range.digests?.length ?? 0;
    this.#evict();
  }

  #evict(): void {
    let drop = 0;
    while (this.#ranges.length - drop > this.#limits.ranges || this.#digests > this.#limits.digests) {
      const oldest = this.#ranges[drop];
      if (oldest === undefined) break;
      drop += 1;
      this.#digests -= oldest.digests?.length ?? 0;
      const rest = this.#byClient.get(oldest.client)?.filter((range) => range !== oldest) ?? [];
      if (rest.length > 0) this.#byClient.set(oldest.client, rest);
      else this.#byClient.delete(oldest.client);
    }
    if (drop > 0) this.#ranges = this.#ranges.slice(drop);
  }
}
