import { S3ServiceException } from '@aws-sdk/client-s3';
import { ScriptoriumError } from '../../core/errors.ts';

/** What an error of the client means to the store. */
export type S3Failure =
  /** There is no object under the key, and the store itself said so. */
  | 'no-object'
  | 'no-bucket'
  /** Credentials that are missing, wrong or not enough. */
  | 'forbidden'
  /** The bucket belongs to another region. */
  | 'elsewhere'
  /** Whatever may be over in a moment. */
  | 'unavailable';

/**
 * Sorts an error of the client. Only the store's own code says that an object is missing: a bare 404 may come from a
 * proxy that has lost its way, and must not make a snapshot look as if it were gone.
 */
export function sortFailure(error: unknown): S3Failure {
  if (!(error instanceof Error)) return 'unavailable';
  if (error.name === 'CredentialsProviderError') return 'forbidden';
  if (!(error instanceof S3ServiceException)) return 'unavailable';
  if (error.name === 'NoSuchKey') return 'no-object';
  if (error.name === 'NoSuchBucket') return 'no-bucket';
  const status = error.$metadata.httpStatusCode;
  if (status === 401 || status === 403) return 'forbidden';
  return status === 301 || status === 307 ? 'elsewhere' : 'unavailable';
}

/** The error that a caller of the port gets. */
export function toPortError(error: unknown): ScriptoriumError {
  if (error instanceof ScriptoriumError) return error;
  const failure = sortFailure(error);
  const detail =
    failure === 'forbidden' ? 'the object store refuses the credentials' : 'the object store does not answer';
  return new ScriptoriumError('storage-unavailable', detail, { cause: error });
}
