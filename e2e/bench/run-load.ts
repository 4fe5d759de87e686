import { setTimeout as sleep } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { LoadClient, type LoadEvents } from './load-client.ts';
import { seedDocuments } from './seed-documents.ts';
import type { LoadPlan, LoadResult } from './load-plan.ts';
import { readCpuMicroseconds, readResidentMegabytes } from './process-stats.ts';
import { readTraffic, trafficBetween, type Traffic } from './redis-traffic.ts';
import { readPercentiles } from './samples.ts';

/** ClientIDs count up from here: four bytes as varints, as random ones have. */
const FIRST_CLIENT_ID = 200_000_001;
const CONNECTS_AT_ONCE = 50;
const SETTLE_MS = 500;
const GRACE_MS = 2_000;

/** Puts a server under load from this process and measures both. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const recorder = new Recorder(plan);
  if (plan.baseFile !== undefined) await seedDocuments(plan, await readFile(plan.baseFile));
  const clients = await connectClients(plan, recorder);
  for (const client of clients) client.prepare(plan.rate * (plan.warmUp + plan.seconds));
  await sleep(SETTLE_MS);

  const pace = new Pace(plan, clients, recorder);
  await pace.run(plan.warmUp * plan.rate);
  recorder.measuring = true;
  // Not waited for, or the edits that fall due meanwhile would come in one go.
  const readBefore = readTrafficOf(plan);
  const begin = sample(plan);
  await pace.run(plan.seconds * plan.rate);
  const end = sample(plan);
  const [trafficBefore, trafficAfter] = await Promise.all([readBefore, readTrafficOf(plan)]);
  const residentMegabytes = plan.serverPids.reduce((sum, pid) => sum + readResidentMegabytes(pid), 0);
  recorder.measuring = false;
  await recorder.drain();
  for (const client of clients) client.close();

  const edits = plan.seconds * plan.rate * clients.length;
  const elapsed = end.at - begin.at;
  return {
    edits,
    serverCpuPerEdit: (end.server - begin.server) / edits,
    serverCpuShare: (end.server - begin.server) / elapsed,
    generatorCpuShare: (end.generator - begin.generator) / elapsed,
    residentMegabytes,
    traffic:
      trafficBefore === null || trafficAfter === null
        ? null
        : { ...trafficBetween(trafficBefore, trafficAfter), seconds: elapsed / 1e6 },
    sendLagP99: readPercentiles(pace.lags)?.p99 ?? 0,
    ...recorder.summary(),
  };
}

/** Matches arrivals and acknowledgements with the moment of sending. */
class Recorder implements LoadEvents {
  measuring = false;
  readonly #sentAt: Float64Array[];
  readonly #measured: Uint8Array[];
  readonly #plan: LoadPlan;
  readonly #peerSamples: number[] = [];
  readonly #otherNodeSamples: number[] = [];
  readonly #ackSamples: number[] = [];
  #expected = 0;

  constructor(plan: LoadPlan) {
    const edits = plan.rate * (plan.warmUp + plan.seconds);
    const clients = plan.documents * plan.clients;
    this.#plan = plan;
    this.#sentAt = Array.from({ length: clients }, () => new Float64Array(edits));
    this.#measured = Array.from({ length: clients }, () => new Uint8Array(edits));
  }

  sent(author: number, sequence: number, at: number): void {
    const index = author - FIRST_CLIENT_ID;
    this.#sentAt[index]?.fill(at, sequence, sequence + 1);
    if (!this.measuring) return;
    this.#measured[index]?.fill(1, sequence, sequence + 1);
    this.#expected += 1;
  }

  arrived(author: number, sequence: number, at: LoadClient): void {
    this.#take(this.#peerSamples, author, sequence);
    const authorNode = Math.floor((author - FIRST_CLIENT_ID) / this.#plan.documents) % this.#plan.urls.length;
    if (authorNode !== at.node) this.#take(this.#otherNodeSamples, author, sequence);
  }

  acknowledged(author: number, sequence: number): void {
    this.#take(this.#ackSamples, author, sequence);
  }

  #take(samples: number[], author: number, sequence: number): void {
    const index = author - FIRST_CLIENT_ID;
    if (this.#measured[index]?.[sequence] === 1)
      samples.push(performance.now() - (this.#sentAt[index]?.[sequence] ?? 0));
  }

  get #missing(): { readonly undelivered: number; readonly unacknowledged: number } {
    const acknowledges = this.#plan.dialect === 'hocuspocus';
    return {
      undelivered: this.#expected * (this.#plan.clients - 1) - this.#peerSamples.length,
      unacknowledged: acknowledges ? this.#expected - this.#ackSamples.length : 0,
    };
  }

  /** Waits for what is still on its way. */
  async drain(): Promise<void> {
    const deadline = performance.now() + GRACE_MS;
    while (performance.now() < deadline && this.#missing.undelivered + this.#missing.unacknowledged > 0)
      await sleep(20);
  }

  summary(): Pick<LoadResult, 'peer' | 'otherNode' | 'acknowledgement' | 'undelivered' | 'unacknowledged'> {
    return {
      peer: readPercentiles(this.#peerSamples),
      otherNode: readPercentiles(this.#otherNodeSamples),
      acknowledgement: readPercentiles(this.#ackSamples),
      ...this.#missing,
    };
  }
}

/** Sends at an even pace, clients in turn, so that no two edits fall on the same moment. */
class Pace {
  readonly lags: number[] = [];
  readonly #clients: readonly LoadClient[];
  readonly #recorder: Recorder;
  readonly #interval: number;
  readonly #startedAt = performance.now();
  #next = 0;

  constructor(plan: LoadPlan, clients: readonly LoadClient[], recorder: Recorder) {
    this.#clients = clients;
    this.#recorder = recorder;
    this.#interval = 1_000 / (plan.rate * clients.length);
  }

  /** Lets every client make so many edits. */
  async run(editsPerClient: number): Promise<void> {
    const last = this.#next + editsPerClient * this.#clients.length;
    while (this.#next < last) {
      const now = performance.now();
      const due = Math.min(last, Math.floor((now - this.#startedAt) / this.#interval));
      for (; this.#next < due; this.#next += 1) this.#sendOne(now);
      await sleep(1);
    }
  }

  #sendOne(now: number): void {
    const client = this.#clients[this.#next % this.#clients.length];
    if (client === undefined) return;
    this.lags.push(now - (this.#startedAt + this.#next * this.#interval));
    const at = performance.now();
    const sequence = client.sendNext();
    this.#recorder.sent(client.id, sequence, at);
  }
}

async function connectClients(plan: LoadPlan, recorder: Recorder): Promise<LoadClient[]> {
  const clients: LoadClient[] = [];
  const total = plan.documents * plan.clients;
  for (let index = 0; index < total; index += 1) {
    // Clients of one document are as far apart in the order of sending as can be.
    const document = `${plan.prefix}-${index % plan.documents}`;
    const node = Math.floor(index / plan.documents) % plan.urls.length;
    clients.push(new LoadClient(plan, { id: FIRST_CLIENT_ID + index, document, node }, recorder));
    if (index % CONNECTS_AT_ONCE === 0) await Promise.all(clients.map((client) => client.ready));
  }
  await Promise.all(clients.map((client) => client.ready));
  return clients;
}

function readTrafficOf({ redisUrl }: LoadPlan): Promise<Traffic | null> {
  return redisUrl === undefined ? Promise.resolve(null) : readTraffic(redisUrl);
}

function sample(plan: LoadPlan): { readonly at: number; readonly server: number; readonly generator: number } {
  return {
    at: performance.now() * 1_000,
    server: plan.serverPids.reduce((sum, pid) => sum + readCpuMicroseconds(pid), 0),
    generator: readCpuMicroseconds(process.pid),
  };
}
