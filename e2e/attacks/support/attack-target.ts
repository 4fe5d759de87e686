import type { Child } from '../../support/child-process.ts';
import { createServerSite } from '../../support/scriptorium-server.ts';
import { createStockSite, type StockOptions } from '../../support/stock-hocuspocus.ts';
import { withDeadline } from '../../support/wait-until.ts';

/** A server that is attacked; its documents and address outlive its runs. */
export interface AttackTarget {
  readonly kind: 'ours' | 'stock';
  /** URL for Hocuspocus clients. */
  readonly collabUrl: string;
  readonly port: number;
  /** How long an answer is waited for: of a stock server, many never come. */
  readonly answerMs: number;
  /** The present run. */
  process(): Child;
  /** Starts it where it does not run. */
  start(options?: StockOptions): Promise<void>;
  /** kill -9; what is started next knows what was stored. */
  kill(): Promise<void>;
  /** SIGTERM, so that a server that stores late has its chance, then a new run. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

/** Our server as its defaults have it, but for what a test of seconds needs. */
export async function createOwnTarget(env: Readonly<Record<string, string>> = {}): Promise<AttackTarget> {
  const site = await createServerSite();
  const start = () => site.start({ env: { JWT_CLOCK_TOLERANCE_SECONDS: '0', ...env } });
  return createTarget({ kind: 'ours', ...site, start });
}

/** Stock Hocuspocus with a store of files. */
export async function createStockTarget(): Promise<AttackTarget> {
  return createTarget({ kind: 'stock', ...(await createStockSite()) });
}

interface Site {
  readonly kind: AttackTarget['kind'];
  readonly collabUrl: string;
  readonly port: number;
  start(options?: StockOptions): Promise<Child>;
  dispose(): Promise<void>;
}

function createTarget(site: Site): AttackTarget {
  let child: Child | null = null;
  const current = (): Child => {
    if (child === null) throw new Error('the server was never started');
    return child;
  };
  const start = async (options?: StockOptions): Promise<void> => {
    if (child === null || child.exit !== null) child = await site.start(options);
  };
  const kill = async (): Promise<void> => {
    if (current().exit === null) await current().kill();
  };
  return {
    kind: site.kind,
    collabUrl: site.collabUrl,
    port: site.port,
    answerMs: site.kind === 'ours' ? 10_000 : 500,
    process: current,
    start,
    kill,
    async restart() {
      current().signal('SIGTERM');
      await withDeadline(current().exited, { what: 'the end of the server', timeoutMs: 8_000 }).catch(kill);
      await start();
    },
    dispose: () => site.dispose(),
  };
}
