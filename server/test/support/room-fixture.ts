import { ScriptoriumError } from '../../src/core/errors.ts';
import type { PresenceRights } from '../../src/core/presence-policy.ts';
import type { WriteScope } from '../../src/core/write-scope.ts';
import { createCarriedRanges } from '../../src/core/fork-carried.ts';
import { createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import type { FanOut } from '../../src/ports/fan-out.ts';
import { createCommittedState } from '../../src/rooms/committed-state.ts';
import { createMergedState } from '../../src/rooms/merged-state.ts';
import type { Outbound } from '../../src/rooms/outbound.ts';
import type { UpdateSender } from '../../src/rooms/receive-update.ts';
import { Room } from '../../src/rooms/room.ts';
import { createUpdateWriter } from '../../src/rooms/update-writer.ts';
import { createFakeClock } from './fake-clock.ts';
import { createMemoryLog } from './memory-log.ts';
import { createSilentTelemetry } from './silent-telemetry.ts';

/** A session that keeps what it is sent. */
export interface TestSession extends UpdateSender {
  writable: boolean;
  scope: WriteScope;
  readonly received: Outbound[];
  readonly durable: number[];
  presence: PresenceRights;
  readonly ended: string[];
  readonly refused: string[];
}

export function createTestSession(user: string, writable = true): TestSession {
  const session: TestSession = {
    user,
    displayName: user,
    presence: { sees: true, shows: true },
    writable,
    scope: writable ? 'all' : 'none',
    clients: new Set(),
    received: [],
    durable: [],
    ended: [],
    refused: [],
    send: (outbound) => void session.received.push(outbound),
    onDurable: (position) => void session.durable.push(position),
    onPresenceRefused: (code) => void session.refused.push(code),
    onDiscarded: (code) => void session.ended.push(code),
  };
  return session;
}

/** One node's rooms over a log in memory and a clock that a test moves. */
export function createRoomFixture(
  options: { readonly maxPendingBytes?: number; readonly documentBytes?: number; readonly fanOut?: FanOut } = {},
) {
  const clock = createFakeClock();
  const log = createMemoryLog(new ScriptoriumError('storage-unavailable'));
  const telemetry = createSilentTelemetry();
  const maxPendingBytes = options.maxPendingBytes ?? 1_000_000;
  const writer = createUpdateWriter({ log, clock, telemetry, incarnation: 'test', maxPendingBytes });
  const discarded: Room[] = [];
  const openRoom = (documentId: number, onDiscarded?: () => void): Room => {
    log.add(documentId);
    return new Room(
      {
        writer,
        fanOut: options.fanOut ?? createInProcessFanOut(),
        clock,
        telemetry,
        node: 'test',
        awarenessLimits: { statesPerSession: 8, stateBytes: 4096, perSecond: 40 },
        documentBytes: options.documentBytes ?? Infinity,
        onDiscarded: (room) => {
          discarded.push(room);
          onDiscarded?.();
        },
        onFailure: () => undefined,
        onGrown: () => undefined,
        onGap: () => undefined,
      },
      {
        documentId,
        position: { epoch: 1, seq: 0 },
        state: createMergedState(),
        committed: createCommittedState(),
        bindings: new Map(),
        carried: createCarriedRanges(),
        tombstone: new Map(),
        quarantine: null,
      },
    );
  };
  /** Runs one flush to its end: the broadcast and flush that are due, and the append behind them. */
  const flush = async (): Promise<void> => {
    clock.advance(50);
    await clock.settle();
    clock.advance(50);
    await clock.settle();
  };
  return { clock, log, telemetry, writer, openRoom, discarded, flush };
}
