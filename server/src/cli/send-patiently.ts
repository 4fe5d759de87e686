import type { Clock } from '../ports/clock.ts';
import { createKeepingClock } from './keeping-clock.ts';

/** Times that a request is sent again which came too soon after others. */
const MOST_TIMES = 10;
/** Longest pause in seconds that the server may ask for. */
const LONGEST_PAUSE = 120;
const DEFAULT_PAUSE = 5;
/** Longest time in seconds that is waited beyond that: commands that were turned away together come back one by one. */
const LONGEST_JITTER = 5;

export interface PatienceDeps {
  readonly clock: Pick<Clock, 'after' | 'random'>;
  /** Tells the person at the terminal why nothing happens. */
  readonly tell: (text: string) => void;
}

/** Waits as long as it takes, and says so beside what the command prints. */
export function createPatience(): PatienceDeps {
  return { clock: createKeepingClock(), tell: (text) => void process.stderr.write(text) };
}

/**
 * Sends a request, again behind the pause that the server asks for (`Retry-After`) while it takes no more requests of
 * this caller at present, and never before it is over: up to as long again is added by chance. The last answer is given back as it is.
 */
export async function sendPatiently(deps: PatienceDeps, send: () => Promise<Response>): Promise<Response> {
  for (let times = 0; ; times += 1) {
    const response = await send();
    if (response.status !== 429 || times >= MOST_TIMES) return response;
    await response.body?.cancel();
    const pause = Math.min(LONGEST_PAUSE, Number(response.headers.get('retry-after')) || DEFAULT_PAUSE);
    const jitter = deps.clock.random() * Math.min(pause, LONGEST_JITTER);
    deps.tell(`the server takes no more requests for now; going on in ${Math.round(pause + jitter)} s\n`);
    await new Promise<void>((resolve) => {
      deps.clock.after((pause + jitter) * 1_000, resolve);
    });
  }
}
