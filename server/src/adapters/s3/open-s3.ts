import { HeadBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SnapshotStore } from '../../ports/snapshot-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { callWithin } from './call-within.ts';
import { sortFailure } from './s3-failures.ts';
import { createS3SnapshotStore } from './s3-snapshot-store.ts';

export interface S3Settings {
  readonly bucket: string;
  /** Address of a store that is not Amazon's. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Whether the bucket stands in the path of an address instead of in its host name. */
  readonly forcePathStyle: boolean;
  /** Without any, the chain of the AWS SDK finds them: environment, files, the machine's role. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | null;
  } | null;
}

/** Milliseconds; see `S3_TIMEOUTS` for what is used. */
export interface S3Timeouts {
  readonly connect: number;
  /** Without a byte in either direction. */
  readonly idle: number;
  /** For one call, with all its tries. */
  readonly call: number;
}

export interface S3Deps {
  readonly settings: S3Settings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timeouts?: S3Timeouts;
}

export interface S3Store extends SnapshotStore {
  close(): void;
}

const S3_TIMEOUTS: S3Timeouts = { connect: 2_000, idle: 5_000, call: 60_000 };
/** Tries of one request; the client pauses between them, longer each time and with jitter. */
const ATTEMPTS = 3;
const PROBE_KEY = 'scriptorium-probe';

/**
 * Opens the bucket and writes to it once. Throws `storage-unavailable` with a sentence for people when it is missing or
 * may not be used. A store that does not answer is no reason not to start: editing does not need it.
 */
export async function openS3(deps: S3Deps): Promise<S3Store> {
  const timeouts = deps.timeouts ?? S3_TIMEOUTS;
  const client = new S3Client(toClientConfig(deps, timeouts));
  const { bucket } = deps.settings;
  const store = createS3SnapshotStore({ client, bucket, clock: deps.clock, deadline: timeouts.call });
  try {
    await callWithin({ clock: deps.clock, deadline: timeouts.call }, (abortSignal) =>
      client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal }),
    );
    await store.put(PROBE_KEY, new Uint8Array(0));
    await store.remove(PROBE_KEY);
  } catch (error) {
    const problem = describeProblem(deps.settings, error);
    if (problem !== null) {
      client.destroy();
      throw new ScriptoriumError('storage-unavailable', problem, { cause: error });
    }
    deps.log.warn('object_store_unreachable', { bucket }, error);
  }
  return {
    ...store,
    close: () => {
      client.destroy();
    },
  };
}

function toClientConfig({ settings, log }: S3Deps, timeouts: S3Timeouts): S3ClientConfig {
  const { credentials, endpoint, forcePathStyle, region } = settings;
  return {
    region,
    forcePathStyle,
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials: toCredentials(credentials) }),
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    // Not every store knows these checksums, and one of the client's streams hangs on a body that breaks off. Whoever
    // reads compares a SHA-256 of our own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: timeouts.connect,
      socketTimeout: timeouts.idle,
      logger: toClientLogger(log),
    },
  };
}

function toCredentials({ accessKeyId, secretAccessKey, sessionToken }: NonNullable<S3Settings['credentials']>) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
}

/** The client would otherwise write to the console. */
function toClientLogger(log: Logger) {
  const nothing = (): void => undefined;
  const warn = (message: unknown): void => {
    log.warn('s3_client', { message: String(message) });
  };
  return { trace: nothing, debug: nothing, info: nothing, warn, error: warn };
}

/** What a person has to change; `null` when it may be over in a moment. */
function describeProblem(settings: S3Settings, error: unknown): string | null {
  const place = `the bucket ${settings.bucket} at ${settings.endpoint ?? 'Amazon S3'}`;
  const cause = error instanceof ScriptoriumError ? error.cause : error;
  switch (sortFailure(cause)) {
    case 'no-bucket':
    case 'no-object':
      return `${place} does not exist. Create it, or set S3_BUCKET to one that does.`;
    case 'forbidden':
      return `${place} may not be used with these credentials. They need ListBucket, GetObject, PutObject and DeleteObject.`;
    case 'elsewhere':
      return `${place} is in another region. Set S3_REGION to it.`;
    case 'unavailable':
      return isNotFound(cause) ? `${place} does not exist. Create it, or set S3_BUCKET to one that does.` : null;
  }
}

/** The answer to HEAD has no body, so there the status is all that a store can say. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotFound';
}
