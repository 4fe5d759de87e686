import { setTimeout as sleep } from 'node:timers/promises';
import { readCpuMicroseconds, readResidentMegabytes } from '../../bench/process-stats.ts';
import type { Attack } from './attack.ts';
import type { TableRow } from './attack-table.ts';
import { type AttackTarget, createOwnTarget, createStockTarget } from './attack-target.ts';
import { type Canary, createCanary, quantile } from './canary.ts';
import { Ground, HONEST } from './ground.ts';
import { LINES, type Lines, type Measured, findExcess, runAttack } from './run-attack.ts';

/** A server with its innocent client. */
interface Side {
  readonly target: AttackTarget;
  readonly canary: Canary;
  /** What it held when nothing had happened yet, in MB. */
  readonly idle: number;
}

/** A process keeps memory that it once had, which would hide the growth of the next case. */
const KEPT_MEGABYTES = 60;

/** On a machine that does other things as well, a figure over a line counts when it stays there. */
const TRIES = 3;
const OWN_PATIENCE_MS = 20_000;
const CALM_MS = 400;

/** A server rests when it took no more of a processor than this between two looks. */
const IDLE_SHARE = 0.05;
const LOOK_MS = 500;
const MOST_LOOKS = 20;

/** All cases, one after the other, against this server and, if wanted, a stock one; what they did is kept for a table. */
export class Campaign {
  readonly rows: TableRow[] = [];
  readonly #ours: Side;
  readonly #stock: Side | null;
  readonly #stockPatienceMs: number;
  readonly #lines: Lines;
  /** Attacked documents, by the name of the case. */
  readonly #attacked: Record<AttackTarget['kind'], { readonly name: string; readonly document: string }[]> = {
    ours: [],
    stock: [],
  };

  private constructor(sides: {
    readonly ours: Side;
    readonly stock: Side | null;
    readonly stockPatienceMs: number;
    readonly lines: Lines;
  }) {
    this.#ours = sides.ours;
    this.#stock = sides.stock;
    this.#stockPatienceMs = sides.stockPatienceMs;
    this.#lines = sides.lines;
  }

  /** Without a patience for it there is no stock server beside. */
  static async start(plan: {
    readonly token: string;
    readonly stockPatienceMs?: number;
    /** What this server is held to. */
    readonly lines?: Lines;
  }): Promise<Campaign> {
    const { stockPatienceMs, lines = LINES } = plan;
    const ours = await createOwnTarget();
    const stock = stockPatienceMs === undefined ? null : await createStockTarget();
    await Promise.all([ours.start(), stock?.start()]);
    const side = (target: AttackTarget): Side => ({
      target,
      canary: createCanary({ url: target.collabUrl, document: 'canary', token: plan.token }),
      idle: readResidentMegabytes(target.process().pid),
    });
    return new Campaign({
      ours: side(ours),
      stock: stock === null ? null : side(stock),
      stockPatienceMs: stockPatienceMs ?? 0,
      lines,
    });
  }

  /** Runs one case on both; returns what it did to ours. */
  async run(attack: Attack): Promise<Measured> {
    const row: TableRow = { name: attack.name, ours: null, stock: null, stockFailures: [] };
    this.rows.push(row);
    if (attack.onlyOurs !== true && this.#stock !== null) await this.#runOnStock(this.#stock, attack, row);
    row.ours = await this.#runOnOurs(attack);
    return { ...row.ours, problems: [...row.ours.problems, ...findExcess(row.ours, this.#lines)] };
  }

  async #runOnOurs(attack: Attack): Promise<Measured> {
    const { target, canary } = this.#ours;
    const name = this.#nextDocument(attack);
    for (let attempt = 1; ; attempt += 1) {
      await freshen(this.#ours);
      const document = `${name}-${attempt}`;
      const measured = await runAttack({ target, canary, attack, document, patienceMs: OWN_PATIENCE_MS });
      this.#attacked.ours.push({ name: attack.name, document });
      const isOver = findExcess(measured, this.#lines).length > 0;
      if (attempt === TRIES || measured.problems.length > 0 || !isOver) return measured;
      await this.#waitForCalm();
    }
  }

  /** The line stays where it is; but a machine that is slow without any attack says nothing about one. */
  async #waitForCalm(): Promise<void> {
    const { target, canary } = this.#ours;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await canary.begin(target.process().pid);
      await sleep(CALM_MS);
      const { trips } = await canary.end(OWN_PATIENCE_MS);
      if (quantile(trips, 1) < LINES.p99 / 4) return;
    }
  }

  async #runOnStock(stock: Side, attack: Attack, row: TableRow): Promise<void> {
    const { target, canary } = stock;
    const { throwingHook } = attack;
    await freshen(stock);
    if (throwingHook !== undefined) {
      await target.kill();
      await target.start({ throwingHook });
    }
    const document = `${this.#nextDocument(attack)}-1`;
    try {
      const measured = await runAttack({ target, canary, attack, document, patienceMs: this.#stockPatienceMs });
      row.stock = measured;
      row.stockFailures.push(...new Set([...measured.problems, ...findExcess(measured)]));
    } catch (error) {
      // The author could not even come in.
      row.stockFailures.push(error instanceof Error ? error.message : String(error));
    }
    const isHarmed = row.stock === null || row.stock.worst > this.#stockPatienceMs / 2;
    const isOver = target.process().exit !== null;
    if (throwingHook !== undefined || isHarmed) await target.kill();
    // What was killed had no time to store, which is another matter.
    else if (!isOver) this.#attacked.stock.push({ name: attack.name, document });
    await target.start();
  }

  #nextDocument(attack: Attack): string {
    return `att-${this.rows.length}-${attack.name
      .replaceAll(/[^a-z0-9]+/gi, '-')
      .slice(0, 40)
      .replaceAll(/-$/g, '')}`;
  }

  /** Starts a server anew and loads every attacked document; returns the cases whose documents do not load whole. */
  async findPoisoned(kind: AttackTarget['kind']): Promise<readonly string[]> {
    const { target } = this.#sideOf(kind);
    await sleep(200);
    await target.restart();
    const poisoned: string[] = [];
    for (const { name, document } of this.#attacked[kind]) {
      if (await this.#loads(target, document)) continue;
      poisoned.push(name);
      const row = this.rows.find((it) => it.name === name);
      if (kind === 'stock') row?.stockFailures.push('never loads again');
    }
    return poisoned;
  }

  async #loads(target: AttackTarget, document: string): Promise<boolean> {
    const ground = new Ground(target, document);
    try {
      const text = await ground.readText();
      return text.includes(HONEST);
    } catch {
      await target.start();
      return false;
    } finally {
      await ground.leave();
    }
  }

  #sideOf(kind: AttackTarget['kind']): Side {
    const side = kind === 'ours' ? this.#ours : this.#stock;
    if (side === null) throw new Error('there is no stock server beside');
    return side;
  }

  async dispose(): Promise<void> {
    for (const { canary, target } of [this.#ours, this.#stock].filter((side) => side !== null)) {
      await canary.dispose();
      await target.dispose();
    }
  }
}

/** Starts a server anew that has ended, or holds much more than at the beginning. */
async function freshen({ target, idle }: Side): Promise<void> {
  await target.start();
  if (readResidentMegabytes(target.process().pid) - idle <= KEPT_MEGABYTES) return;
  await target.restart();
  await waitForRest(target);
}

/** What the case before left to fold, to index and to archive is not this one's. Some servers never rest; they are not waited for. */
async function waitForRest(target: AttackTarget): Promise<void> {
  const { pid } = target.process();
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const before = readCpuMicroseconds(pid);
    await sleep(LOOK_MS);
    if (readCpuMicroseconds(pid) - before < LOOK_MS * 1_000 * IDLE_SHARE) return;
  }
}
