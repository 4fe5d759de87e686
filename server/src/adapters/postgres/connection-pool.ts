import { Socket } from 'node:net';
import pg from 'pg';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { ConnectionLease } from './connection-lease.ts';
import { isUnsupportedSetting, toPortError } from './postgres-failures.ts';
import { settleWithin } from './settle-within.ts';
import type { Timeouts } from './timeouts.ts';
import { valueParsers } from './value-parsers.ts';

export interface ConnectionPoolDeps {
  readonly connection: ConnectionOptions;
  /** What it is for, for log lines. */
  readonly purpose: 'writer' | 'reader' | 'access' | 'replica' | 'upkeep';
  /** Most connections. */
  readonly size: number;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Milliseconds after which a connection that nobody needs is closed. */
const IDLE_LIFE = 60_000;
/** Seconds after which a connection is made anew, so that a server's caches and a moved address are not kept for ever. */
const LONGEST_LIFE = 3_600;
/** Milliseconds of silence before the system asks whether the other side is still there. */
const KEEP_ALIVE_DELAY = 10_000;

/** Connections to one address. Nothing that is asked of it waits for ever, and no lost connection throws by itself. */
export class ConnectionPool {
  readonly #deps: ConnectionPoolDeps;
  readonly #sockets = new Set<Socket>();
  #pool: pg.Pool;
  /** Whether a pooler between us and the server refuses settings at start-up; transactions still bring their own. */
  #bare = false;
  #closing: Promise<void> | null = null;

  constructor(deps: ConnectionPoolDeps) {
    this.#deps = deps;
    this.#pool = this.#createPool();
  }

  /** Lends a connection for one action and takes it back, whatever becomes of it. */
  async use<T>(action: (lease: ConnectionLease) => Promise<T>): Promise<T> {
    const lease = await this.lease();
    try {
      return await action(lease);
    } finally {
      lease.release();
    }
  }

  /** Lends a connection, which must be released. Throws `storage-unavailable` when none is to be had in time. */
  async lease(): Promise<ConnectionLease> {
    const { clock, timeouts } = this.#deps;
    try {
      return new ConnectionLease({ client: await this.#connect(), clock, timeouts });
    } catch (error) {
      throw toPortError(error);
    }
  }

  /** How many would wait, with one who comes now; 0 while a connection is free or may still be opened. */
  get queue(): number {
    const { idleCount, totalCount, waitingCount } = this.#pool;
    const free = idleCount + this.#deps.size - totalCount;
    return Math.max(0, waitingCount + 1 - free);
  }

  /** Closes what is idle, waits that long for what is in use, and cuts the rest off. */
  close(within: number): Promise<void> {
    this.#closing ??= this.#close(within);
    return this.#closing;
  }

  async #close(within: number): Promise<void> {
    const ended = this.#pool.end();
    await settleWithin(this.#deps.clock, within, ended).catch(() => undefined);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #connect(): Promise<pg.PoolClient> {
    const bare = this.#bare;
    try {
      return await this.#connectOnce();
    } catch (error) {
      if (bare || !isUnsupportedSetting(error)) throw error;
      this.#goBare();
      return this.#connectOnce();
    }
  }

  async #connectOnce(): Promise<pg.PoolClient> {
    if (this.#closing !== null) throw new ScriptoriumError('storage-unavailable', 'the database is closed');
    const { clock, timeouts } = this.#deps;
    const connecting = this.#pool.connect();
    try {
      return await settleWithin(clock, timeouts.connect, connecting);
    } catch (error) {
      // Late, it goes back to the pool instead of being lost to it.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      throw error;
    }
  }

  #goBare(): void {
    if (this.#bare || this.#closing !== null) return;
    this.#bare = true;
    const { log, purpose } = this.#deps;
    log.info('postgres_pooler_found', { pool: purpose });
    const refused = this.#pool;
    this.#pool = this.#createPool();
    refused.end().catch((error: unknown) => log.warn('postgres_close_failed', { pool: purpose }, error));
  }

  #createPool(): pg.Pool {
    const { connection, size, timeouts, log, purpose } = this.#deps;
    const settings = this.#bare
      ? {}
      : {
          statement_timeout: timeouts.statement,
          lock_timeout: timeouts.lock,
          idle_in_transaction_session_timeout: timeouts.idleTransaction,
        };
    const pool = new pg.Pool({
      ...connection,
      ...settings,
      ssl: connection.ssl,
      max: size,
      // Upkeep is an hourly guest; the others find a connection ready.
      min: purpose === 'upkeep' ? 0 : 1,
      types: valueParsers,
      stream: () => this.#openSocket(),
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY,
      connectionTimeoutMillis: timeouts.connect,
      idleTimeoutMillis: IDLE_LIFE,
      maxLifetimeSeconds: LONGEST_LIFE,
    });
    // An idle connection that ends is an event, not a failure: the next lease makes another one.
    pool.on('error', (error) => log.warn('postgres_connection_lost', { pool: purpose }, error));
    return pool;
  }

  #openSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
