import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJobStore } from '../../src/adapters/sql/job-store.ts';
import { createRequestLedger } from '../../src/adapters/sql/request-ledger.ts';
import type { Identity } from '../../src/ports/token-verifier.ts';
import { createJobRunner, type JobRunner, type JobRunnerDeps } from '../../src/workers/job-runner.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../contracts/embedded-store.ts';
import { newTenant } from '../contracts/store-under-test.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';

let directory: TemporaryDirectory;
let store: EmbeddedStore;
let clock: FakeClock;
let runners: JobRunner[];

beforeEach(async () => {
  directory = createTemporaryDirectory('jobs');
  store = await openEmbeddedStore(directory.path);
  clock = createFakeClock({ now: 1_764_000_000_000 });
  runners = [];
});

afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.drain(0)));
  await store.close();
  directory.remove();
});

const identity: Identity = {
  tenant: newTenant(),
  user: 'ada',
  displayName: 'Ada',
  issuedAt: 0,
  expiresAt: Infinity,
  role: 'editor',
  documents: new Map(),
  groups: [],
  links: [],
  key: null,
  abilities: [],
};

function startRunner(carryOut: JobRunnerDeps['carryOut']): JobRunner {
  const jobs = createJobStore(store);
  const requests = createRequestLedger(store);
  const runner = createJobRunner({ jobs, requests, clock, telemetry: createSilentTelemetry(), carryOut });
  runners.push(runner);
  return runner;
}

async function createJob(requests: readonly string[]): Promise<string> {
  const id = randomUUID();
  const at = clock.now();
  await createJobStore(store).create({ id, kind: 'changes', identity, requests, at, expiresAt: at + 1e9 });
  return id;
}

const readJob = (id: string) => createJobStore(store).read(identity.tenant, 'ada', id, clock.now());
const isFinished = async (id: string): Promise<boolean> => ((await readJob(id))?.finishedAt ?? null) !== null;

describe('[REST101] a job', () => {
  it('is gone on with where its node ended, with what that was about to do, and nothing is done twice', async () => {
    const id = await createJob(['a', 'b', 'c']);
    const done: string[] = [];
    const stuck = Promise.withResolvers<string>();
    const reached = Promise.withResolvers<void>();
    startRunner(async (_job, item, { intend }) => {
      if (item.request !== 'b') return `first ${item.request}`;
      await intend({ documentId: null, bytes: new TextEncoder().encode('about to b') });
      reached.resolve();
      return stuck.promise;
    }).wake();
    await reached.promise;
    clock.advance(31_000);
    startRunner((_job, item) => {
      done.push(`${item.request}: ${new TextDecoder().decode(item.intent ?? undefined)}`);
      return Promise.resolve(`second ${item.request}`);
    }).wake();
    await waitUntil('the job is finished', () => isFinished(id));
    stuck.resolve('late');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toEqual(['b: about to b', 'c: ']);
    expect((await readJob(id))?.items.map(({ outcome }) => outcome)).toEqual(['first a', 'second b', 'second c']);
  });

  it('is tried again where a part failed for now, behind other jobs', async () => {
    const first = await createJob(['a', 'b']);
    clock.advance(1);
    const second = await createJob(['c']);
    const seen: string[] = [];
    startRunner((_job, { request }) => {
      seen.push(request);
      const fails = request === 'a' && seen.filter((it) => it === 'a').length === 1;
      return fails ? Promise.reject(new Error('not now')) : Promise.resolve('done');
    }).wake();
    await waitUntil('the other job is finished', () => isFinished(second));
    expect(await isFinished(first)).toBe(false);
    await waitUntil('the job is finished', async () => {
      clock.advance(10_000);
      return isFinished(first);
    });
    expect(seen).toEqual(['a', 'b', 'c', 'a']);
  });

  it('whose part is not done yet lets others have their turn, and is not over before', async () => {
    const long = await createJob(['long']);
    clock.advance(1);
    const short = await createJob(['short']);
    const seen: string[] = [];
    startRunner((_job, { request }) => {
      seen.push(request);
      return Promise.resolve(request === 'short' || seen.length > 3 ? 'done' : { pause: 100 });
    }).wake();
    await waitUntil('the other job is finished', () => isFinished(short));
    expect(await isFinished(long)).toBe(false);
    await waitUntil('the job is finished', async () => {
      clock.advance(200);
      return isFinished(long);
    });
    expect(seen).toEqual(['long', 'short', 'long', 'long']);
  });
});
