import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { isObjectKey, type SnapshotStore } from '../../ports/snapshot-store.ts';
import { callWithin } from './call-within.ts';
import { readBody } from './read-body.ts';
import { sortFailure, toPortError } from './s3-failures.ts';

export interface S3SnapshotStoreDeps {
  readonly client: S3Client;
  readonly bucket: string;
  readonly clock: Clock;
  /** Milliseconds for one call, with all its tries. */
  readonly deadline: number;
}

/** Tries at a body that breaks off; the client tries only as far as the headers again. */
const BODY_ATTEMPTS = 2;
const BODY_RETRY_DELAY = 200;

/** Objects in a bucket of any store that speaks S3. Needs no conditional write, and no checksum of the store's. */
export function createS3SnapshotStore(deps: S3SnapshotStoreDeps): SnapshotStore {
  const { client, bucket: Bucket } = deps;
  return {
    put: (key, bytes) =>
      onObject(deps, key, async (abortSignal) => {
        const command = new PutObjectCommand({
          Bucket,
          Key: key,
          Body: bytes,
          ContentLength: bytes.byteLength,
          ContentType: 'application/octet-stream',
        });
        await client.send(command, { abortSignal });
      }),
    get: (key) => onObject(deps, key, (abortSignal) => getObject(deps, key, abortSignal)),
    remove: (key) =>
      onObject(deps, key, async (abortSignal) => {
        try {
          await client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal });
        } catch (error) {
          if (sortFailure(error) !== 'no-object') throw error;
        }
      }),
  };
}

async function getObject(deps: S3SnapshotStoreDeps, key: string, abortSignal: AbortSignal): Promise<Uint8Array | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await deps.client.send(new GetObjectCommand({ Bucket: deps.bucket, Key: key }), { abortSignal });
      return await readBody(response.Body, response.ContentLength, abortSignal);
    } catch (error) {
      const failure = sortFailure(error);
      if (failure === 'no-object') return null;
      // An error with the store's own words was tried often enough by the client.
      const mayHelp = failure === 'unavailable' && !(error instanceof Error && '$metadata' in error);
      if (!mayHelp || attempt >= BODY_ATTEMPTS || abortSignal.aborted) throw error;
    }
    await pause(deps.clock, BODY_RETRY_DELAY * (0.5 + deps.clock.random()));
  }
}

async function onObject<T>(
  deps: S3SnapshotStoreDeps,
  key: string,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!isObjectKey(key)) throw new ScriptoriumError('internal', 'a snapshot key is not a plain relative path');
  try {
    return await callWithin(deps, call);
  } catch (error) {
    throw toPortError(error);
  }
}

function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve);
  });
}
