import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createPendingRow, encodePendingRow } from '../core/pending-row.ts';
import type { LogRow } from '../ports/update-log.ts';
import { noHistory } from '../../test/support/no-history.ts';
import { createRoomFixture } from '../../test/support/room-fixture.ts';
import { catchUp, compareHeads, receiveRelay } from './catch-up.ts';
import { rowSum } from './checksum.ts';
import { createHeadComparison } from './head-comparison.ts';

function payloadOf(text: string, client: number): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.getText('t').insert(0, text);
  const row = createPendingRow();
  row.push('ada', Y.encodeStateAsUpdate(doc));
  const payload = encodePendingRow(row.take());
  if (payload === null) throw new Error('no row');
  return payload;
}

/** A room over a log that another node has written some rows to, whose reads wait until they are let go. */
function behindBy(count: number) {
  const fixture = createRoomFixture();
  const room = fixture.openRoom(1);
  const rows: LogRow[] = [];
  const append = (): Uint8Array => {
    const seq = rows.length + 1;
    const payload = payloadOf(`${seq} `, seq);
    rows.push({ seq, at: 0, payload, sum: rowSum(payload) });
    return payload;
  };
  for (let seq = 1; seq <= count; seq += 1) append();
  const reads: { readonly after: number; readonly answer: () => void }[] = [];
  const readRows = (_documentId: number, after: number, limit: number): Promise<readonly LogRow[]> => {
    // Read when it is asked for; told when the test lets it.
    const found = rows.filter(({ seq }) => seq > after).slice(0, limit);
    return new Promise((resolve) => {
      reads.push({ after, answer: () => resolve(found) });
    });
  };
  const readHeads = () => Promise.resolve([{ documentId: 1, epoch: 1, head: rows.length }]);
  const deps = { ...noHistory, telemetry: fixture.telemetry, log: { ...fixture.log, readRows, readHeads } };
  const answerAll = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) {
      reads.splice(0).forEach(({ answer }) => answer());
      await fixture.clock.settle();
    }
  };
  return { ...fixture, room, rows, reads, deps, append, answerAll };
}

const relay = (seq: number, payload: Uint8Array | null) => ({ node: 'other', documentId: 1, epoch: 1, seq, payload });

describe('catching up', () => {
  it('[ROOM1] a row that is relayed while rows are read, and committed after they were, is not missed', async () => {
    const { room, deps, append, answerAll } = behindBy(2);
    receiveRelay(deps, room, relay(2, null));
    // The read of rows 1 and 2 is under way and knows nothing of row 3.
    receiveRelay(deps, room, relay(3, append()));
    await answerAll();
    expect(room.position.seq).toBe(3);
  });

  it('[ROOM39] a hint is read from the log, and one of a known row is not', async () => {
    const { room, deps, reads, answerAll } = behindBy(1);
    receiveRelay(deps, room, relay(1, null));
    await answerAll();
    expect(room.position.seq).toBe(1);
    receiveRelay(deps, room, relay(1, null));
    expect(reads).toHaveLength(0);
  });

  it('[ROOM1] a relayed payload that cannot be read is counted, and the row is read from the log', async () => {
    const { room, deps, answerAll, telemetry } = behindBy(1);
    receiveRelay(deps, room, relay(1, Uint8Array.of(255, 1, 2)));
    await answerAll();
    expect([room.position.seq, room.discarded]).toEqual([1, false]);
    expect(telemetry.counters.get('relay_malformed_total')).toBe(1);
  });

  it('[ROOM2] a room whose next rows are gone from the log is loaded anew, instead of asking for ever', async () => {
    const { room, rows, deps, answerAll, discarded } = behindBy(1_200);
    rows.splice(0, 600);
    const done = catchUp(deps, room);
    await answerAll();
    await done;
    expect(discarded).toEqual([room]);
  });

  it('[ROOM2] many rows are read in pages', async () => {
    const { room, deps, answerAll } = behindBy(1_200);
    const done = catchUp(deps, room);
    await answerAll();
    await done;
    expect(room.position.seq).toBe(1_200);
  });

  it('[ROOM43] rooms that ask in one turn are compared in one query', async () => {
    const { room, deps, answerAll, clock } = behindBy(1);
    let queries = 0;
    const readHeads = (ids: readonly number[]) => {
      queries += 1;
      return Promise.resolve(ids.map((documentId) => ({ documentId, epoch: 1, head: 1 })));
    };
    const heads = createHeadComparison({ ...deps, log: { ...deps.log, readHeads }, clock });
    heads.ask(room);
    heads.ask(room);
    await clock.settle();
    await answerAll();
    expect([queries, room.position.seq]).toEqual([1, 1]);
  });

  it('[ROOM2] a log that does not answer leaves the room as it is', async () => {
    const { room, deps } = behindBy(1);
    const readHeads = () => Promise.reject(new Error('away'));
    await compareHeads({ ...deps, log: { ...deps.log, readHeads } }, [room]);
    expect([room.position.seq, room.discarded]).toEqual([0, false]);
  });
});
