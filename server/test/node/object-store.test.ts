import { setTimeout as sleep } from 'node:timers/promises';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { S3Settings } from '../../src/adapters/s3/open-s3.ts';
import { bucketVariables, newBucket } from '../services/s3-bucket.ts';
import { missing } from '../services/shared-services.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

let directory: TemporaryDirectory;
beforeEach(() => void (directory = createTemporaryDirectory('s3-node')));
afterEach(() => directory.remove());

async function listKeys({ bucket: Bucket, endpoint, credentials }: S3Settings): Promise<readonly string[]> {
  const { accessKeyId = '', secretAccessKey = '' } = credentials ?? {};
  const client = new S3Client({
    endpoint: endpoint ?? '',
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  client.destroy();
  return Contents.map(({ Key = '' }) => Key);
}

describe.skipIf(missing.objectStore)('a node with an object store', () => {
  it('[SNAP39] writes large snapshots into the bucket and finds them there after a restart', async () => {
    const settings = await newBucket();
    let node = await startTestNode(directory.path, bucketVariables(settings));
    const token = await signToken({ sub: 'ada', role: 'owner' });
    const client = await connectByHand(`${node.url}/collab`);
    client.login('notes', token);
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'a long text '.repeat(10_000));
    client.update('notes', Y.encodeStateAsUpdate(doc));
    await client.until('status');
    const deadline = performance.now() + 20_000;
    let keys: readonly string[] = [];
    while (keys.length === 0 && performance.now() < deadline) {
      keys = await listKeys(settings);
      await sleep(50);
    }
    expect(keys).toEqual([expect.stringMatching(/^t\/default\/d\/1\/snapshot-1-[0-9a-f]{64}-[0-9a-z]+$/)]);
    client.socket.close();
    await node.stop();
    node = await startTestNode(directory.path, bucketVariables(settings));
    const content = await fetch(`http://127.0.0.1:${node.port}/v1/documents/notes/content?format=text`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect((await content.text()).trim()).toBe('a long text '.repeat(10_000).trim());
    await node.stop();
  });

  it('[SNAP39] does not start on a bucket that is not there, and says which', async () => {
    const settings = await newBucket();
    const variables = { ...bucketVariables(settings), S3_BUCKET: `${settings.bucket}-not` };
    await expect(startTestNode(directory.path, variables)).rejects.toThrow(`${settings.bucket}-not at`);
  });
});
