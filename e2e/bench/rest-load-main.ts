/** Entry of the generator of REST calls, a process of its own: takes a plan as JSON argument, prints the result as JSON. */
import { Agent, request } from 'node:http';
import { type Percentiles, readPercentiles } from './samples.ts';

/** The same call, again and again over a number of connections, as fast as the answers come. */
export interface RestPlan {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  readonly warmUp: number;
  /** The status that every answer must have. */
  readonly expected: number;
}

export interface RestResult {
  readonly perSecond: number;
  readonly times: Percentiles | null;
}

const plan = JSON.parse(process.argv[2] ?? '') as RestPlan;
process.stdout.write(`${JSON.stringify(await run(plan))}\n`, () => process.exit(0));

async function run({ connections, seconds, warmUp, ...call }: RestPlan): Promise<RestResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const begun = performance.now();
  const [from, to] = [begun + warmUp * 1_000, begun + (warmUp + seconds) * 1_000];
  const samples: number[] = [];
  const lane = async (): Promise<void> => {
    for (let now = performance.now(); now < to;) {
      await callOnce(agent, call);
      const end = performance.now();
      if (now >= from && end < to) samples.push(end - now);
      now = end;
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return { perSecond: samples.length / seconds, times: readPercentiles(samples) };
}

function callOnce(
  agent: Agent,
  { url, headers, expected }: Pick<RestPlan, 'url' | 'headers' | 'expected'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      if (response.statusCode !== expected) reject(new Error(`answered with ${response.statusCode}`));
      response.on('end', resolve);
      response.resume();
    });
    sent.on('error', reject);
    sent.end();
  });
}
