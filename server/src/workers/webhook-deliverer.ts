import { planDelivery, type DeliveryPlan } from '../core/delivery-plan.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type {
  AttemptRecord,
  DeliveryQueue,
  DeliveryTarget,
  DueDelivery,
  Lane,
  Settlement,
} from '../ports/delivery-queue.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { WebhookOutcome, WebhookTransport } from '../ports/webhook-transport.ts';
import { inBackground, type Service } from '../service.ts';
import { messageId, signMessage, writeMessage } from './webhook-message.ts';

export interface DelivererDeps {
  readonly queue: DeliveryQueue;
  readonly transport: WebhookTransport;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Random identity of this run; lanes are held in its name. */
  readonly node: string;
  /** Milliseconds; tests make them short. */
  readonly timings?: DelivererTimings;
}

export interface DelivererTimings {
  /** Between two looks for lanes that are due. */
  readonly interval: number;
  /** For which a lane is held; a node that was killed keeps it to itself for so long. */
  readonly lease: number;
}

/** The lease is far longer than one attempt may take, since each settlement extends it. */
const TIMINGS = { interval: 1_000, lease: 30_000 } as const;
/** Lanes that a node works on at once, and those of one webhook: a slow receiver holds up nobody else. */
const LANES = 32;
const LANES_PER_WEBHOOK = 8;
/** Events read in one go, and those after which the lane goes back to the end of the queue. */
const PAGE = 20;
const EVENTS_PER_TURN = 200;

/**
 * Hands events to webhooks: takes lanes that are due, works each off in its order, one event after the other, and writes
 * down what became of each before it goes on. So an event that was sent when the node was killed is sent again, and none
 * is left out; receivers tell repetitions by the event's identity.
 */
export interface WebhookDeliverer extends Service {
  /** Looks at once instead of within the interval. */
  wake(): void;
}

export function createWebhookDeliverer(deps: DelivererDeps): WebhookDeliverer {
  return new Deliverer(deps);
}

class Deliverer implements WebhookDeliverer {
  readonly name = 'webhooks';
  readonly #deps: DelivererDeps;
  readonly #timings: DelivererTimings;
  readonly #atWork = new Map<Lane, Promise<void>>();
  #timer: Timer | null = null;
  #looking = false;
  #again = false;
  #troubled = false;
  #stopped = false;

  constructor(deps: DelivererDeps) {
    this.#deps = deps;
    this.#timings = deps.timings ?? TIMINGS;
    this.#arm(this.#timings.interval);
  }

  wake(): void {
    this.#again = this.#looking;
    if (!this.#looking) this.#arm(0);
  }

  #arm(milliseconds: number): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    const { clock, telemetry } = this.#deps;
    this.#timer = clock.after(milliseconds * (0.75 + clock.random() / 2), () => {
      inBackground(telemetry.log, 'webhooks_failed', this.#look());
    });
  }

  async #look(): Promise<void> {
    this.#looking = true;
    let found = 0;
    const free = LANES - this.#atWork.size;
    try {
      if (free > 0) found = await this.#claim(free);
      this.#troubled = false;
    } catch (error) {
      // Once for an outage, not once a second.
      if (!this.#troubled) this.#deps.telemetry.log.warn('webhooks_not_read', {}, error);
      this.#troubled = true;
    }
    this.#looking = false;
    // What came while it looked, and what did not fit in, is looked for at once.
    const isMore = this.#again || (found > 0 && this.#atWork.size < LANES);
    this.#again = false;
    this.#arm(isMore ? 0 : this.#timings.interval);
  }

  async #claim(limit: number): Promise<number> {
    const { queue, clock, node } = this.#deps;
    const now = clock.now();
    const busy = Map.groupBy(this.#atWork.keys(), ({ webhookId }) => webhookId);
    const except = [...busy].filter(([, lanes]) => lanes.length >= LANES_PER_WEBHOOK).map(([webhookId]) => webhookId);
    const lanes = await queue.claim({
      owner: node,
      now,
      leaseUntil: now + this.#timings.lease,
      limit: Math.min(limit, LANES_PER_WEBHOOK),
      except,
    });
    for (const lane of lanes) this.#start(lane);
    return lanes.length;
  }

  #start(lane: Lane): void {
    const work = this.#serve(lane)
      .catch((error: unknown) => {
        // The lane is free again when its lease ends.
        this.#deps.telemetry.log.warn('webhook_lane_failed', { webhook: lane.webhookId }, error);
      })
      .finally(() => {
        this.#atWork.delete(lane);
        this.wake();
      });
    this.#atWork.set(lane, work);
  }

  async #serve(held: Lane): Promise<void> {
    const { queue, clock } = this.#deps;
    let lane = held;
    for (let sent = 0; sent < EVENTS_PER_TURN && !this.#stopped;) {
      const target = await queue.readTarget(lane.webhookId, clock.now());
      if (target === null) break;
      const due = await queue.readDue(lane, PAGE);
      if (due.length === 0) return queue.release(lane, true);
      for (const delivery of due) {
        if (this.#stopped) break;
        const settlement = await this.#attempt(lane, target, delivery);
        const leaseUntil = clock.now() + this.#timings.lease;
        const settled = await queue.settle(lane, delivery.event.number, settlement, leaseUntil);
        if (settled === null || settlement.kind === 'retry' || settlement.kind === 'postponed') return;
        lane = settled;
        sent += 1;
      }
    }
    await queue.release(lane, false);
  }

  async #attempt(lane: Lane, target: DeliveryTarget, { event, attempts, firstAt }: DueDelivery): Promise<Settlement> {
    const { transport, clock } = this.#deps;
    const id = messageId(event);
    const body = writeMessage(event);
    const at = clock.now();
    const begun = clock.monotonic();
    const signature = signMessage({ id, at, body }, target.secrets);
    const headers = { 'content-type': 'application/json', 'user-agent': 'scriptorium-webhooks', ...signature };
    const outcome = await transport.send({ webhookId: lane.webhookId, url: target.url, headers, body });
    const plan = planDelivery(outcome, { attempts, firstAt, now: clock.now(), random: clock.random() });
    this.#count(lane, plan, outcome);
    if (plan.kind === 'postponed') return plan;
    const attempt = toAttempt(outcome, { at, milliseconds: clock.monotonic() - begun });
    return { ...plan, attempt: plan.kind === 'delivered' ? { ...attempt, failure: null } : attempt };
  }

  #count(lane: Lane, plan: DeliveryPlan, outcome: WebhookOutcome): void {
    const { metrics, log } = this.#deps.telemetry;
    if (plan.kind === 'delivered') metrics.count('webhooks_delivered_total');
    if (plan.kind === 'retry') metrics.count('webhooks_failed_total');
    if (plan.kind !== 'given-up') return;
    metrics.count('webhooks_given_up_total');
    const status = outcome.kind === 'answered' ? outcome.status : null;
    log.warn('webhook_given_up', { webhook: lane.webhookId, documentId: lane.documentId, status });
  }

  /** What is under way has half of the time; an attempt that is cut off then counts as one that failed. */
  async drain(milliseconds: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    const { clock, transport, telemetry } = this.#deps;
    const cut = clock.after(milliseconds / 2, () => {
      inBackground(telemetry.log, 'webhooks_not_closed', transport.close());
    });
    await Promise.all(this.#atWork.values());
    cut.cancel();
    await transport.close();
  }
}

function toAttempt(
  outcome: WebhookOutcome,
  { at, milliseconds }: { readonly at: number; readonly milliseconds: number },
): AttemptRecord {
  if (outcome.kind === 'answered') return { at, milliseconds, status: outcome.status, failure: 'status' };
  return { at, milliseconds, status: null, failure: outcome.kind === 'failed' ? outcome.reason : null };
}
