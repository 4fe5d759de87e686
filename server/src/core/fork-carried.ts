import { contentDigests, readStructContent, type StructContent } from './fork-content.ts';
import { STRUCT_KIND } from './update-content.ts';
import type { ClockRange } from './update-gate.ts';
import type { ParsedUpdate } from './update-structure.ts';
import { createStructPlace, readStructPlace, structAt } from './update-struct.ts';

/** How much a record may hold. */
export interface CarriedLimits {
  /** Separate ranges; the oldest are forgotten first. */
  readonly ranges: number;
  /** Clock units whose content is remembered, about 8 bytes each; of the oldest only the range is. */
  readonly digests: number;
}

/** Room for a crash's worth of carried text, at about 2 MB a document. */
const defaultCarriedLimits: CarriedLimits = Object.freeze({ ranges: 4096, digests: 262_144 });

/**
 * Remembers what other users' sessions brought under a user's clientIDs, so that a fork still shows when the owner
 * writes and the brought structs are deleted or collected by then.
 */
export interface CarriedRanges {
  /** Notes the clocks of `range`, which must be new to the document, as they are in the update. */
  note(parsed: ParsedUpdate, range: ClockRange): void;
  /**
   * Whether what was noted at these clocks differs from the content, which starts at `clock`. Where content was noted
   * once and is no longer remembered the answer is yes: it is better to write a text twice than to lose it.
   */
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
  /** One per clock unit; `null` for structs that came without content, and for content that is forgotten. */
  digests: readonly number[] | null;
}

class CarriedRecord implements CarriedRanges {
  readonly #limits: CarriedLimits;
  /** In clock order, since what is noted is new to the document. */
  readonly #byClient = new Map<number, CarriedRange[]>();
  /** Those with digests, oldest first, from `#oldest` on. */
  #withDigests: CarriedRange[] = [];
  #oldest = 0;
  #count = 0;
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
    const ranges = this.#byClient.get(client);
    if (ranges === undefined) return false;
    const digests = contentDigests(content);
    const end = clock + digests.length;
    for (let index = firstEndingAfter(ranges, clock); index < ranges.length; index += 1) {
      const range = ranges[index];
      if (range === undefined || range.clock >= end) return false;
      if (range.digests === null) return true;
      for (let at = Math.max(clock, range.clock); at < Math.min(end, range.end); at += 1) {
        if (digests[at - clock] !== range.digests[at - range.clock]) return true;
      }
    }
    return false;
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
    this.#count += 1;
    if (range.digests !== null) this.#withDigests.push(range);
    this.#digests += range.digests?.length ?? 0;
    while (this.#digests > this.#limits.digests) this.#forgetContent();
    if (this.#count > this.#limits.ranges) this.#forgetRange();
  }

  #forgetContent(): void {
    const range = this.#withDigests[this.#oldest];
    this.#oldest += 1;
    if (this.#oldest > 1024) {
      this.#withDigests = this.#withDigests.slice(this.#oldest);
      this.#oldest = 0;
    }
    if (range === undefined || range.digests === null) return;
    this.#digests -= range.digests.length;
    range.digests = null;
  }

  /** Drops the first range of the client that was noted first. */
  #forgetRange(): void {
    for (const [client, ranges] of this.#byClient) {
      const range = ranges.shift();
      if (ranges.length === 0) this.#byClient.delete(client);
      if (range === undefined) continue;
      this.#count -= 1;
      this.#digests -= range.digests?.length ?? 0;
      range.digests = null;
      return;
    }
  }
}

/** Index of the first range that ends above a clock. */
function firstEndingAfter(ranges: readonly CarriedRange[], clock: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? 0) > clock) high = middle;
    else low = middle + 1;
  }
  return low;
}
