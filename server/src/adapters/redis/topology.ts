import type { Clock } from '../../ports/clock.ts';
import { openConnection, type RedisAccess, type RedisCommand, type RedisReply } from './connection.ts';
import { PARTITIONS, slotOf } from './partitions.ts';
import type { RedisAddress, RedisTarget } from './redis-url.ts';

/** One server, and the partitions whose channels it has. */
export interface RedisPlace {
  readonly address: RedisAddress;
  readonly partitions: readonly number[];
}

/** Which server has which partition at present. Partitions that no place has are out of reach. */
export interface RedisTopology {
  /** Whether channels belong to slots, so that they need the sharded commands. */
  readonly sharded: boolean;
  /** Whether a server must say that it is the master before it is used. */
  readonly masterOnly: boolean;
  readonly places: readonly RedisPlace[];
}

export interface TopologyDeps {
  readonly target: RedisTarget;
  readonly access: RedisAccess;
  readonly clock: Clock;
  /** Milliseconds that one server may take to answer. */
  readonly patience: number;
}

const ALL_PARTITIONS = Array.from({ length: PARTITIONS }, (_, partition) => partition);
const NAME = 'scriptorium-topology';

/** Asks the servers who has what, one after the other until one answers; throws what the last one said if none does. */
export async function discoverTopology(deps: TopologyDeps, known: readonly RedisAddress[]): Promise<RedisTopology> {
  const { target } = deps;
  switch (target.kind) {
    case 'server':
      return firstAnswer(deps, distinct([target.address, ...known]), discoverServer);
    case 'cluster':
      return firstAnswer(deps, shuffle(deps.clock, distinct([...known, ...target.seeds])), discoverCluster);
    case 'sentinel': {
      const sentinels = shuffle(deps.clock, target.sentinels);
      const access = { ...deps.access, login: target.sentinelLogin };
      return firstAnswer({ ...deps, access }, sentinels, (ask) => discoverMaster(ask, target.master));
    }
  }
}

type Ask = (command: RedisCommand) => Promise<RedisReply>;

async function firstAnswer(
  deps: TopologyDeps,
  addresses: readonly RedisAddress[],
  discover: (ask: Ask, address: RedisAddress) => Promise<RedisTopology>,
): Promise<RedisTopology> {
  let failure: unknown = new Error('no server to ask');
  for (const address of addresses) {
    try {
      return await askServer(deps, address, (ask) => discover(ask, address));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Gives a connection to the server to `use`, until it is done or the time is over. */
async function askServer<T>(deps: TopologyDeps, address: RedisAddress, use: (ask: Ask) => Promise<T>): Promise<T> {
  const { access, clock, patience } = deps;
  const connection = openConnection({ address, access, name: NAME });
  const deadline = Promise.withResolvers<never>();
  const timer = clock.after(patience, () => {
    deadline.reject(new Error(`${address.host}:${address.port} does not answer`));
  });
  const ask: Ask = async (command) => {
    const [reply] = await connection.send([command]);
    return reply ?? { kind: 'error', message: 'no reply' };
  };
  try {
    return await Promise.race([connection.ready.then(() => use(ask)), deadline.promise]);
  } finally {
    timer.cancel();
    connection.close();
  }
}

/** A server that does not let itself be asked is taken for one that stands alone. */
async function discoverServer(ask: Ask, address: RedisAddress): Promise<RedisTopology> {
  const info = await ask(['info', 'cluster']);
  if (info.kind === 'value' && String(info.value).includes('cluster_enabled:1')) return discoverCluster(ask, address);
  return { sharded: false, masterOnly: false, places: [{ address, partitions: ALL_PARTITIONS }] };
}

async function discoverMaster(ask: Ask, master: string): Promise<RedisTopology> {
  const reply = await ask(['sentinel', 'get-master-addr-by-name', master]);
  if (reply.kind === 'error') throw new Error(reply.message);
  const [host, port] = Array.isArray(reply.value) ? reply.value.map(String) : [];
  if (host === undefined || port === undefined) throw new Error(`the sentinels know no master "${master}"`);
  const address = { host, port: Number(port) };
  return { sharded: false, masterOnly: true, places: [{ address, partitions: ALL_PARTITIONS }] };
}

async function discoverCluster(ask: Ask, asked: RedisAddress): Promise<RedisTopology> {
  const reply = await ask(['cluster', 'slots']);
  if (reply.kind === 'error') throw new Error(reply.message);
  const ranges = (Array.isArray(reply.value) ? reply.value : []).flatMap((range) => readRange(range, asked));
  const places = new Map<string, { readonly address: RedisAddress; readonly partitions: number[] }>();
  for (const partition of ALL_PARTITIONS) {
    const slot = slotOf(partition);
    const range = ranges.find(({ from, to }) => from <= slot && slot <= to);
    if (range === undefined) continue;
    const key = describeAddress(range.address);
    const place = places.get(key) ?? { address: range.address, partitions: [] };
    places.set(key, place);
    place.partitions.push(partition);
  }
  return { sharded: true, masterOnly: false, places: [...places.values()] };
}

interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly address: RedisAddress;
}

/** One range of `CLUSTER SLOTS`: its ends, its master, then its replicas. A master without a host is the one asked. */
function readRange(range: unknown, asked: RedisAddress): readonly SlotRange[] {
  if (!Array.isArray(range)) return [];
  const [from, to, master] = range as readonly unknown[];
  const [host, port] = Array.isArray(master) ? (master as readonly unknown[]) : [];
  if (port === undefined) return [];
  const name = typeof host === 'string' ? host : '';
  return [
    { from: Number(from), to: Number(to), address: { host: name === '' ? asked.host : name, port: Number(port) } },
  ];
}

export function describeAddress({ host, port }: RedisAddress): string {
  return `${host}:${port}`;
}

function distinct(addresses: readonly RedisAddress[]): readonly RedisAddress[] {
  return [...new Map(addresses.map((address) => [describeAddress(address), address])).values()];
}

/** So that many nodes do not ask one server, and a server that hangs is not always asked first. */
function shuffle<T>(clock: Clock, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, order: clock.random() }))
    .toSorted((one, other) => one.order - other.order)
    .map(({ item }) => item);
}
