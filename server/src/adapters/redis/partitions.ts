import type { DocumentId } from '../../ports/update-log.ts';

/**
 * Channels are spread over a fixed number of partitions. All channels of a partition carry its tag in braces, which is
 * what a cluster hashes, so they are on one server and are subscribed to in one command. The tags are chosen so that
 * their slots lie at even distances: whichever way a cluster divides its slots, each server gets its share.
 */
export const PARTITIONS = 128;

const SLOTS = 16_384;
const SLOTS_PER_PARTITION = SLOTS / PARTITIONS;

/** CRC-16/XMODEM, which is what a Redis cluster hashes keys with (Redis cluster specification, appendix A). */
function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  }
  return crc & 0xffff;
}

/** For each partition, the shortest number whose slot lies in the partition's part of all slots. */
const TAGS = chooseTags();

function chooseTags(): readonly string[] {
  const tags = new Map<number, string>();
  for (let number = 0; tags.size < PARTITIONS; number += 1) {
    const tag = number.toString(36);
    const partition = Math.floor((crc16(tag) % SLOTS) / SLOTS_PER_PARTITION);
    if (!tags.has(partition)) tags.set(partition, tag);
  }
  return Array.from({ length: PARTITIONS }, (_, partition) => tags.get(partition) ?? '');
}

export function partitionOf(documentId: DocumentId): number {
  return documentId % PARTITIONS;
}

/** The slot of a cluster that holds all channels of a partition. */
export function slotOf(partition: number): number {
  return crc16(TAGS[partition] ?? '') % SLOTS;
}

/** Names the channels of one deployment. */
export interface ChannelNames {
  rows(documentId: DocumentId): string;
  presence(documentId: DocumentId): string;
  /** Where nodes say that they live; in partition 0. */
  readonly nodes: string;
  /** Where a node hears itself, on the server that has the partition. */
  echo(node: string, partition: number): string;
}

export function createChannelNames(prefix: string): ChannelNames {
  const at = (partition: number, rest: string): string => `${prefix}:{${TAGS[partition]}}:${rest}`;
  return {
    rows: (documentId) => at(partitionOf(documentId), `r:${documentId}`),
    presence: (documentId) => at(partitionOf(documentId), `p:${documentId}`),
    nodes: at(0, 'nodes'),
    echo: (node, partition) => at(partition, `echo:${node}`),
  };
}
