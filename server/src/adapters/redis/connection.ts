import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import type { RedisAddress, RedisLogin } from './redis-url.ts';

/** How to reach servers of one deployment. */
export interface RedisAccess {
  readonly tls: boolean;
  readonly login: RedisLogin;
  /** Certificates to trust in place of the well-known ones, as PEM. */
  readonly ca?: string;
}

export type RedisCommand = readonly [name: string, ...values: (string | Buffer)[]];

export type RedisReply =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string };

export interface ConnectionDeps {
  readonly address: RedisAddress;
  readonly access: RedisAccess;
  /** Shown by `CLIENT LIST`. */
  readonly name: string;
  /** Called once when the connection has ended, whoever ended it. */
  readonly onEnd?: (reason: string) => void;
  readonly onMessage?: (channel: string, message: Buffer) => void;
  /** Called when a cluster has moved channels of this connection elsewhere. */
  readonly onMoved?: () => void;
}

/**
 * One connection to one server, used once: it neither comes back by itself nor keeps commands for later, since what it
 * would repeat is stale, and what it would keep has no bound. Deadlines are the caller's.
 */
export interface Connection {
  /** Resolves when commands may be sent, rejects when the connection cannot be made. */
  readonly ready: Promise<void>;
  /** Sends commands in one write. Never rejects: what was not answered is an error. */
  send(commands: readonly RedisCommand[]): Promise<readonly RedisReply[]>;
  close(): void;
}

export function openConnection(deps: ConnectionDeps): Connection {
  const redis = new Redis({
    ...deps.address,
    ...describeLogin(deps.access.login),
    ...(deps.access.tls ? { tls: describeTls(deps) } : {}),
    connectionName: deps.name,
    disableClientInfo: true,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
  });
  let failure = 'closed';
  redis.on('error', (error: Error) => {
    failure = error.message;
  });
  redis.on('end', () => deps.onEnd?.(failure));
  redis.on('moved', () => deps.onMoved?.());
  const onMessage = (channel: Buffer, message: Buffer): void => deps.onMessage?.(channel.toString('latin1'), message);
  redis.on('messageBuffer', onMessage);
  redis.on('smessageBuffer', onMessage);
  return {
    ready: redis.connect(),
    send: async (commands) => {
      const [first] = commands;
      // The usual case, for which a pipeline is much ado.
      if (first !== undefined && commands.length === 1) return [await callOne(redis, first)];
      const replies = await redis.pipeline(commands.map((command) => [...command])).exec();
      return (replies ?? []).map(([error, value]) =>
        error === null ? { kind: 'value', value } : { kind: 'error', message: error.message },
      );
    },
    close: () => {
      redis.disconnect();
      // A server that hangs would never answer the end, and what waits for it would stay in memory.
      (redis as Partial<Pick<Redis, 'stream'>>).stream?.destroy();
    },
  };
}

async function callOne(redis: Redis, [name, ...values]: RedisCommand): Promise<RedisReply> {
  try {
    return { kind: 'value', value: await redis.call(name, ...values) };
  } catch (error) {
    return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
  }
}

function describeLogin({ username, password }: RedisLogin) {
  return { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }) };
}

function describeTls({ address, access }: ConnectionDeps) {
  return {
    ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
    ...(access.ca === undefined ? {} : { ca: access.ca }),
  };
}
