import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { findPort, runCommand, type ServiceProcess, startProcess, waitForService } from './process.ts';

/** An S3 gateway of the tests: Ceph's own, over a store in memory. */
export interface ObjectStoreServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  createBucket(name: string): Promise<void>;
  /** The gateway's process, to be stopped and continued by tests; the store behind it goes on. */
  gateway(): ServiceProcess;
  dispose(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'scriptorium', secretAccessKey: 'scriptorium-secret' } as const;

/** Milliseconds that each part has to start; a second or two where the machine is not busy. */
const START_TIMEOUT = 90_000;

/** Starts a cluster of one monitor, one store and one gateway. */
export async function startObjectStore(): Promise<ObjectStoreServer> {
  const directory = mkdtempSync(join(tmpdir(), 'scriptorium-ceph-'));
  const ports = { monitor: await findPort(), gateway: await findPort() };
  const config = join(directory, 'ceph.conf');
  writeFileSync(config, describeCluster(directory, ports));
  const common = ['-c', config, '--no-mon-config'];
  const env = { CEPH_CONF: config };
  const run = (command: string, args: readonly string[]) => runCommand({ command, args: ['-c', config, ...args], env });
  const processes: ServiceProcess[] = [];
  const start = (command: string, args: readonly string[]): ServiceProcess => {
    const started = startProcess({ command, args: [...common, '-f', ...args], env });
    processes.push(started);
    return started;
  };

  for (const place of ['mon', 'osd/ceph-0', 'rgw']) mkdirSync(join(directory, place), { recursive: true });
  await run('ceph-mon', ['--mkfs', '-i', 'a']);
  const monitor = startProcess({ command: 'ceph-mon', args: ['-c', config, '-f', '-i', 'a'], env });
  processes.push(monitor);
  // A monitor that answers may still refuse commands for a moment; with an id of its own, creating twice is no harm.
  const store = randomUUID();
  await waitForService(monitor, {
    name: 'ceph-mon',
    check: () => succeeds(run('ceph', ['--connect-timeout', '5', 'osd', 'create', store, '0'])),
    timeoutMs: START_TIMEOUT,
  });
  await run('ceph-osd', ['-i', '0', '--mkfs', '--no-mon-config', '--osd-uuid', store]);
  start('ceph-osd', ['-i', '0']);
  const gateway = start('radosgw', ['-n', 'client.rgw']);
  const endpoint = `http://127.0.0.1:${ports.gateway}`;
  await waitForService(gateway, { name: 'radosgw', check: () => answersHttp(endpoint), timeoutMs: START_TIMEOUT });
  const keys = ['--access-key', CREDENTIALS.accessKeyId, '--secret-key', CREDENTIALS.secretAccessKey];
  await run('radosgw-admin', ['user', 'create', '--uid', 'tests', '--display-name', 'tests', ...keys]);
  return {
    port: ports.gateway,
    endpoint,
    ...CREDENTIALS,
    async createBucket(name) {
      const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: CREDENTIALS });
      await s3.send(new CreateBucketCommand({ Bucket: name }));
      s3.destroy();
    },
    gateway: () => gateway,
    async dispose() {
      // The gateway first: without its store it waits for it before it ends.
      for (const process of processes.toReversed()) await process.stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** One copy of everything, in memory, without authentication inside, and with a monitor that does not wait. */
function describeCluster(directory: string, ports: { readonly monitor: number; readonly gateway: number }): string {
  return `[global]
fsid = ${randomUUID()}
mon host = v1:127.0.0.1:${ports.monitor}
auth cluster required = none
auth service required = none
auth client required = none
ms bind ipv6 = false
run dir = ${directory}
admin socket = ${directory}/$name.asok
log file = ${directory}/$name.log
pid file =
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon warn on pool no redundancy = false
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
[mon]
mon data = ${directory}/mon/ceph-a
public addrv = v1:127.0.0.1:${ports.monitor}
paxos propose interval = 0.05
paxos min wait = 0.01
[osd]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd data = ${directory}/osd/ceph-0
osd objectstore = memstore
memstore device bytes = 2147483648
osd journal size = 100
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${ports.gateway}
rgw data = ${directory}/rgw
rgw enable usage log = false
rgw thread pool size = 32
`;
}

async function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  );
}

async function answersHttp(url: string): Promise<boolean> {
  return succeeds(fetch(url, { signal: AbortSignal.timeout(2_000) }));
}
