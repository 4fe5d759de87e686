import type { CounterName } from '../../src/ports/telemetry.ts';
import type { Faults } from './faults.ts';
import { createLife, createLifeClock } from './life.ts';
import { openLine, type Line, type LineEvents } from './line.ts';
import type { Life } from './life.ts';
import { compactLive, plantIntoLog } from './planted-ports.ts';
import type { Plant } from './plants.ts';
import { between, type RandomStreams } from './random-streams.ts';
import type { Scheduler } from './scheduler.ts';
import { createExchange, createSimulatedFanOut } from './simulated-fan-out.ts';
import { startSimulatedNode, type SimulatedNode } from './simulated-node.ts';
import { createSimulatedStores } from './simulated-store.ts';
import type { SharedStore, StoreObserver } from './store-ports.ts';
import type { Trace } from './trace.ts';
import { createWatchingTelemetry } from './watching-telemetry.ts';

export interface ClusterDeps {
  readonly scheduler: Scheduler;
  readonly streams: RandomStreams;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly store: SharedStore;
  readonly plant: Plant | null;
  readonly observer: StoreObserver;
  readonly onFinding: (finding: string) => void;
  readonly onCount: (name: CounterName, by: number) => void;
}

/** Milliseconds that a node's wall clock may be wrong, either way. */
const MOST_SKEW = 2 * 60 * 60 * 1_000;
/** Milliseconds that an orderly stop may take. */
const MOST_STOP = 9_600;

/** The place of one node: its runs come and go. */
interface Slot {
  readonly name: string;
  run: SimulatedNode | null;
  runs: number;
  readonly lines: Set<Line>;
  stopping: boolean;
}

/** The nodes of a run, and the way to them. */
export class Cluster {
  readonly #deps: ClusterDeps;
  readonly #slots: readonly Slot[];
  readonly #exchange = createExchange();

  constructor(deps: ClusterDeps, nodes: number) {
    this.#deps = deps;
    this.#slots = Array.from({ length: nodes }, (_, index) => ({
      name: `node-${index + 1}`,
      run: null,
      runs: 0,
      lines: new Set<Line>(),
      stopping: false,
    }));
    for (const slot of this.#slots) this.#start(slot);
  }

  /** The run of a place that is up; `null` while it is down. */
  node(index: number): SimulatedNode | null {
    const run = this.#slots[index]?.run ?? null;
    return run?.life.alive === true ? run : null;
  }

  nodes(): readonly SimulatedNode[] {
    return this.#slots.flatMap(({ run }) => (run === null ? [] : [run]));
  }

  name(index: number): string {
    return this.#slots[index]?.name ?? 'none';
  }

  /** Opens a connection of a client to a place, or to any that is up; `onRun` is told which run it reached. */
  connect(
    events: LineEvents,
    to: { readonly client: Life; readonly place: string | null; readonly onRun: (run: SimulatedNode) => void },
  ): Line | null {
    const random = this.#deps.streams.stream(`line ${to.client.name} ${this.#deps.scheduler.now}`);
    const up = this.#slots.filter((slot) => slot.run !== null && !slot.stopping);
    const slot = up.find(({ name }) => name === to.place) ?? (up.length > 0 ? random.pick(up) : undefined);
    const run = slot?.run ?? null;
    if (slot === undefined || run === null) return null;
    const line = openLine({
      scheduler: this.#deps.scheduler,
      random,
      client: to.client,
      server: run.life,
      accept: (end) => run.accept(end),
      events: {
        ...events,
        onClose: (code) => {
          slot.lines.delete(line);
          events.onClose(code);
        },
      },
    });
    slot.lines.add(line);
    to.onRun(run);
    return line;
  }

  /** SIGKILL, and a new run later. */
  kill(index: number, milliseconds: number): void {
    const slot = this.#slots[index];
    if (slot === undefined || slot.run === null) return;
    this.#end(slot);
    this.#startLater(slot, milliseconds);
  }

  /** SIGTERM, and a new run once it has ended. */
  stop(index: number, milliseconds: number): void {
    const slot = this.#slots[index];
    const run = slot?.run ?? null;
    if (slot === undefined || run === null || slot.stopping) return;
    slot.stopping = true;
    const { scheduler } = this.#deps;
    const begun = scheduler.now;
    const ended = (): void => {
      if (slot.run !== run) return;
      if (scheduler.now - begun > MOST_STOP + run.life.hungFor)
        this.#deps.onFinding(`${run.incarnation} took too long to stop`);
      this.#end(slot);
      this.#startLater(slot, milliseconds);
    };
    run.stop().then(ended, (error: unknown) => {
      this.#deps.onFinding(`a node could not stop: ${String(error)}`);
      ended();
    });
  }

  hang(index: number, milliseconds: number): void {
    this.node(index)?.life.hang(milliseconds);
  }

  /** Brings up what is down, hangs, or is on its way down. */
  heal(): void {
    for (const slot of this.#slots) {
      slot.run?.life.goOn();
      if (slot.stopping) this.#end(slot);
      if (slot.run === null) this.#start(slot);
    }
  }

  #end(slot: Slot): void {
    slot.run?.life.end();
    slot.run = null;
    slot.stopping = false;
    this.#deps.trace.note(`${slot.name} is down`);
    for (const line of slot.lines) line.cut();
    slot.lines.clear();
  }

  #startLater(slot: Slot, milliseconds: number): void {
    this.#deps.scheduler.after(milliseconds, () => {
      if (slot.run === null) this.#start(slot);
    });
  }

  #start(slot: Slot): void {
    const { scheduler, streams, faults, trace, store, plant, observer, onFinding } = this.#deps;
    slot.runs += 1;
    const incarnation = `${slot.name}.${slot.runs}`;
    const life = createLife(scheduler, incarnation);
    const random = streams.stream(incarnation);
    // Wall clocks differ by hours; nothing may depend on them.
    const clock = createLifeClock(scheduler, life, { random, skew: between(random, -MOST_SKEW, MOST_SKEW) });
    const telemetry = createWatchingTelemetry({
      onError: (event, fields, error) => {
        if (life.alive) onFinding(`${incarnation} logs ${event} ${JSON.stringify(fields)} ${describeError(error)}`);
      },
      onCount: this.#deps.onCount,
    });
    const ground = { scheduler, life, faults, node: slot.name, incarnation, trace };
    const stores = createSimulatedStores({
      ...ground,
      random: streams.stream(`${incarnation} stores`),
      store,
      observer,
      roomOf: (documentId) => run.rooms.get(documentId),
    });
    const exchange = this.#exchange;
    const fanOut = createSimulatedFanOut({ ...ground, exchange, random: streams.stream(`${incarnation} relays`) });
    const roomLog = plantIntoLog(plant, { log: stores.log, fanOut, store, incarnation, rooms: () => run.rooms });
    const without = new Set(plant === 'no-head-watch' ? (['head-watch'] as const) : []);
    const run = startSimulatedNode({ stores, roomLog, life, clock, telemetry, incarnation, fanOut, without });
    slot.run = run;
    if (plant === 'live-snapshot') {
      slot.run = { ...run, compact: (documentId) => compactLive({ ...stores, rooms: run.rooms }, documentId) };
    }
    trace.note(`${incarnation} is up`);
  }
}

/** What an error says, and where it comes from. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` because ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
