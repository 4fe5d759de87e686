import { expect, it } from 'vitest';
import { ScriptoriumError } from '../core/errors.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createMemoryLog } from '../../test/support/memory-log.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { createUpdateWriter, type AppendOutcome, type AppendSource } from './update-writer.ts';

/** A room with one update to store. */
function createSource(documentId: number) {
  const outcomes: AppendOutcome[] = [];
  let pending = true;
  const source: AppendSource = {
    takePending: () => {
      if (!pending) return null;
      pending = false;
      return { documentId, epoch: 1, payload: new Uint8Array([documentId]), bindings: [] };
    },
    settle: (outcome) => {
      outcomes.push(outcome);
      pending ||= outcome.kind === 'busy';
    },
    fail: (error) => {
      throw error;
    },
  };
  return { source, outcomes };
}

function createFixture() {
  const clock = createFakeClock();
  const log = createMemoryLog(new ScriptoriumError('storage-unavailable'));
  const telemetry = createSilentTelemetry();
  const writer = createUpdateWriter({ log, clock, telemetry, incarnation: 'one', maxPendingBytes: 1_000 });
  for (const documentId of [1, 2]) log.add(documentId);
  const pass = async (milliseconds: number): Promise<void> => {
    await clock.settle();
    clock.advance(milliseconds);
    await clock.settle();
  };
  return { clock, log, writer, pass };
}

it('[SIM20] what an earlier try may have stored keeps its flush number while its document is busy, and is stored once', async () => {
  const { log, writer, pass } = createFixture();
  const { source, outcomes } = createSource(1);
  // The first try is stored and its answer lost; to the second one the document is busy.
  log.onAppend = ({ retry }) => (retry ? 'busy' : 'lost');
  writer.schedule(source);
  for (let rounds = 0; rounds < 5; rounds += 1) await pass(200);
  expect(log.batches.length).toBeGreaterThan(2);
  expect(new Set(log.batches.map(({ flush }) => flush))).toEqual(new Set([1]));
  expect(outcomes).toEqual([]);
  log.onAppend = () => 'store';
  await pass(200);
  expect(outcomes).toEqual([{ kind: 'stored', seq: 1 }]);
  expect(log.rowsOf(1)).toHaveLength(1);
});

it('[SIM20] meanwhile other documents are stored, and a stop waits for the one that is not known', async () => {
  const { log, writer, pass } = createFixture();
  const [first, second] = [createSource(1), createSource(2)];
  log.onAppend = ({ retry, entries }) => {
    if (entries[0]?.documentId === 2) return 'store';
    return retry ? 'busy' : 'lost';
  };
  writer.schedule(first.source);
  await pass(200);
  writer.schedule(second.source);
  await pass(200);
  expect(second.outcomes).toEqual([{ kind: 'stored', seq: 1 }]);
  let stopped = false;
  const stopping = writer.drain(60_000).then(() => {
    stopped = true;
  });
  await pass(200);
  expect(stopped).toBe(false);
  log.onAppend = () => 'store';
  await pass(200);
  await stopping;
  expect(first.outcomes).toEqual([{ kind: 'stored', seq: 1 }]);
});

it('[SIM27] what is larger than the whole buffer finds room when nothing else waits', () => {
  const { writer } = createFixture();
  expect(writer.reserve(1)).toBe(true);
  expect(writer.reserve(5_000)).toBe(false);
  writer.free(1);
  expect(writer.reserve(5_000)).toBe(true);
  expect(writer.reserve(1)).toBe(false);
});
