import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../src/adapters/s3/open-s3.ts';
import { newBucketPlace } from './shared-services.ts';

/** Makes a bucket of its own for a test file in the shared object store; how to reach it. */
export async function newBucket(): Promise<S3Settings & { readonly endpoint: string }> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = newBucketPlace();
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return {
    endpoint,
    bucket,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...credentials, sessionToken: null },
  };
}

/** How a node is told of a bucket. */
export function bucketVariables(settings: S3Settings): Readonly<Record<string, string>> {
  return {
    S3_BUCKET: settings.bucket,
    S3_ENDPOINT: settings.endpoint ?? '',
    S3_FORCE_PATH_STYLE: 'true',
    AWS_ACCESS_KEY_ID: settings.credentials?.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: settings.credentials?.secretAccessKey ?? '',
  };
}
