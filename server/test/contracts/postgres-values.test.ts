import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBigintArray, encodeBytesArray, encodeTextArray } from '../../src/adapters/postgres/binary-arrays.ts';
import { readConnectionOptions } from '../../src/adapters/postgres/connection-options.ts';
import { ConnectionPool } from '../../src/adapters/postgres/connection-pool.ts';
import { TIMEOUTS } from '../../src/adapters/postgres/timeouts.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';

describe.skipIf(missing.postgres)('values on their way to PostgreSQL and back', () => {
  let pool: ConnectionPool;
  beforeAll(async () => {
    pool = new ConnectionPool({
      connection: await readConnectionOptions(await newDatabase(), null),
      purpose: 'reader',
      size: 1,
      timeouts: TIMEOUTS,
      clock: createSystemClock(),
      log: createSilentTelemetry().log,
    });
  });
  afterAll(() => pool.close(1_000));

  async function sendBack(type: string, array: Buffer): Promise<readonly unknown[]> {
    const { rows } = await pool.use((lease) =>
      lease.query(`select x from unnest($1::${type}[]) with ordinality t (x, n) order by n`, [array]),
    );
    return rows.map((row) => row['x']);
  }

  it('[LOG18] arrays of numbers arrive element by element', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.maxSafeInteger()), async (numbers) => {
        expect(await sendBack('bigint', encodeBigintArray(numbers))).toEqual(numbers.map((it) => it + 0));
      }),
    ));

  it('[LOG18] arrays of byte strings arrive element by element, missing ones too', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.option(fc.uint8Array({ maxLength: 300 }))), async (values) => {
        expect(await sendBack('bytea', encodeBytesArray(values))).toEqual(values);
      }),
    ));

  it('[LOG18] arrays of texts arrive element by element', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))),
        async (texts) => {
          expect(await sendBack('text', encodeTextArray(texts))).toEqual(texts);
        },
      ),
    ));

  it('[LOG18] numbers come back as numbers, sums of them too, days as they are written, bytes with memory of their own', async () => {
    const { rows } = await pool.use((lease) =>
      lease.query(`select 9007199254740991::bigint as big, sum(x) as sum, date '2026-02-03' as day, '\\x0102'::bytea as bytes
        from unnest(array[1, 2]::bigint[]) x`),
    );
    expect(rows).toEqual([{ big: Number.MAX_SAFE_INTEGER, sum: 3, day: '2026-02-03', bytes: new Uint8Array([1, 2]) }]);
    const bytes = rows[0]!['bytes'];
    expect(bytes instanceof Uint8Array && bytes.buffer.byteLength).toBe(2);
  });
});
