import { STRUCT_KIND } from './update-content.ts';
import { createStructPlace, readStructPlace } from './update-struct.ts';
import type { ParsedUpdate } from './update-structure.ts';

/**
 * Whether an update is a whole document by itself: no client's structs begin late or leave something out, and nothing
 * refers to a struct that is not in it. Yjs would keep what refers to a missing one waiting, without a word.
 */
export function isCompleteState(parsed: ParsedUpdate): boolean {
  const ends = new Map(parsed.blocks.map(({ client, endClock }) => [client, endClock]));
  const has = (client: number, clock: number): boolean => client === -1 || clock < (ends.get(client) ?? 0);
  const place = createStructPlace();
  return parsed.blocks.every(
    (block) =>
      block.clock === 0 &&
      !block.hasSkip &&
      block.starts.every((start) => {
        if (parsed.bytes[start] === STRUCT_KIND.gc) return true;
        readStructPlace(parsed.bytes, start, place);
        return (
          has(place.originClient, place.originClock) &&
          has(place.rightClient, place.rightClock) &&
          has(place.parentClient, place.parentClock)
        );
      }),
  );
}
