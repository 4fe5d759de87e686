import { Redis } from 'ioredis';

/** Counted by Redis itself since it started. */
export interface Traffic {
  /** PUBLISH and SPUBLISH commands. */
  readonly publishes: number;
  /** Bytes in and out. */
  readonly bytes: number;
}

export async function readTraffic(url: string): Promise<Traffic> {
  const redis = new Redis(url);
  const text = await redis.info('everything');
  redis.disconnect();
  const read = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    publishes: read(/^cmdstat_publish:calls=(\d+)/m) + read(/^cmdstat_spublish:calls=(\d+)/m),
    bytes: read(/^total_net_input_bytes:(\d+)/m) + read(/^total_net_output_bytes:(\d+)/m),
  };
}

/** What came between two readings. */
export function trafficBetween(before: Traffic, after: Traffic): Traffic {
  return { publishes: after.publishes - before.publishes, bytes: after.bytes - before.bytes };
}
