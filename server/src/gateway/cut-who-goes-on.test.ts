import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { cutWhoGoesOn } from './cut-who-goes-on.ts';

/** A connection that counts what it reads, as Node's does. */
function createConnection() {
  const stream = new PassThrough();
  const raw = Object.assign(stream, { bytesRead: 500_000 });
  const read = async (bytes: number): Promise<void> => {
    raw.bytesRead += bytes;
    stream.write(new Uint8Array(bytes));
    await new Promise(setImmediate);
  };
  let cut = false;
  cutWhoGoesOn({ terminate: () => (cut = true) }, raw as never);
  return { read, isCut: () => cut };
}

it('[ATT4] what was on its way behind a close is taken, and whoever goes on is cut off', async () => {
  const connection = createConnection();
  await connection.read(60_000);
  expect(connection.isCut()).toBe(false);
  await connection.read(10_000);
  expect(connection.isCut()).toBe(true);
});
