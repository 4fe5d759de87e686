import type { Random } from '../support/random.ts';
import type { FaultKind } from './faults.ts';
import { between, createRandomStreams } from './random-streams.ts';

/** What happens to one run, in the order of the plan. Each carries all it needs, so that any of them can be left out. */
export type Operation = {
  /** Milliseconds after the one before it. */
  readonly wait: number;
  /** Chance of its own. */
  readonly seed: number;
} & (
  | { readonly kind: 'edit'; readonly client: number; readonly edits: number }
  | { readonly kind: 'lose-network'; readonly client: number; readonly node: number; readonly milliseconds: number }
  | { readonly kind: 'move'; readonly client: number; readonly node: number }
  | { readonly kind: 'paste'; readonly client: number }
  | { readonly kind: 'cut' | 'repeat' | 'reload'; readonly client: number }
  | { readonly kind: 'kill' | 'stop'; readonly node: number; readonly milliseconds: number }
  | { readonly kind: 'hang'; readonly node: number; readonly milliseconds: number }
  | { readonly kind: 'fault'; readonly fault: FaultKind; readonly node: number | null; readonly milliseconds: number }
  | { readonly kind: RequestKind; readonly node: number; readonly document: number }
  | { readonly kind: 'damage'; readonly document: number }
);

/** What somebody may ask a node for. */
export type RequestKind = 'compact' | 'sweep' | 'read' | 'create' | 'remove' | 'rename';

/** How large a run is. */
export interface Size {
  readonly operations: number;
  readonly clients: number;
  readonly nodes: number;
  readonly documents: number;
}

type Make = (random: Random, size: Size) => DistributedOmit<Operation, 'wait' | 'seed'>;
type DistributedOmit<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

/** Faults, how often, and how long they last at most. */
const FAULTS = [
  ['store-slow', 3_000],
  ['store-down', 3_000],
  ['store-unsure', 3_000],
  ['store-busy', 1_000],
  ['objects-down', 5_000],
  ['relays-lossy', 6_000],
  ['relays-cut', 6_000],
] as const satisfies readonly (readonly [FaultKind, number])[];

const node = (random: Random, size: Size): number => random.below(size.nodes);
const client = (random: Random, size: Size): number => random.below(size.clients);
const document = (random: Random, size: Size): number => random.below(size.documents);

const EDIT: Make = (random, size) => ({ kind: 'edit', client: client(random, size), edits: 1 + random.below(3) });

/** Weight and maker of each kind. */
const MAKERS: readonly (readonly [number, Make])[] = [
  [120, EDIT],
  [
    6,
    (random, size) => ({
      kind: 'lose-network',
      client: client(random, size),
      node: node(random, size),
      milliseconds: between(random, 50, 4_000),
    }),
  ],
  [8, (random, size) => ({ kind: 'move', client: client(random, size), node: node(random, size) })],
  [6, (random, size) => ({ kind: 'cut', client: client(random, size) })],
  [3, (random, size) => ({ kind: 'repeat', client: client(random, size) })],
  [2, (random, size) => ({ kind: 'reload', client: client(random, size) })],
  [6, (random, size) => ({ kind: 'kill', node: node(random, size), milliseconds: between(random, 10, 3_000) })],
  [3, (random, size) => ({ kind: 'stop', node: node(random, size), milliseconds: between(random, 10, 2_000) })],
  [3, (random, size) => ({ kind: 'hang', node: node(random, size), milliseconds: between(random, 50, 4_000) })],
  [
    16,
    (random, size) => {
      const [fault, longest] = random.pick(FAULTS);
      const where = random.chance(0.4) ? null : node(random, size);
      return { kind: 'fault', fault, node: where, milliseconds: between(random, 50, longest) };
    },
  ],
  [8, (random, size) => ({ kind: 'compact', node: node(random, size), document: document(random, size) })],
  [2, (random, size) => ({ kind: 'sweep', node: node(random, size), document: document(random, size) })],
  [1, (random, size) => ({ kind: 'paste', client: client(random, size) })],
  [8, (random, size) => ({ kind: 'read', node: node(random, size), document: document(random, size) })],
  [1, (random, size) => ({ kind: 'damage', document: document(random, size) })],
  [2, (random, size) => ({ kind: 'remove', node: node(random, size), document: document(random, size) })],
  [4, (random, size) => ({ kind: 'create', node: node(random, size), document: document(random, size) })],
  [2, (random, size) => ({ kind: 'rename', node: node(random, size), document: document(random, size) })],
];

const TOTAL = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** Edits at the end of every other plan, behind the back of a fault that only the end of all faults heals. */
const STORM = 14;

/** The operations of a seed. */
export function planOperations(seed: number, size: Size): readonly Operation[] {
  const random = createRandomStreams(seed).stream('plan');
  const plan = (make: Make, wait: number): Operation => ({
    ...make(random, size),
    wait,
    seed: random.below(2 ** 30),
  });
  const storm = random.chance(0.5) ? Math.min(STORM, size.operations >> 1) : 0;
  const fault = random.pick(FAULTS)[0];
  return Array.from({ length: size.operations }, (_, index) => {
    const left = size.operations - index;
    if (left > storm || left === 0) return plan(pickMaker(random), nextWait(random));
    if (left < storm) return plan(EDIT, random.below(100));
    return plan(() => ({ kind: 'fault', fault, node: null, milliseconds: 10_000 }), 0);
  });
}

function pickMaker(random: Random): Make {
  let at = random.below(TOTAL);
  for (const [weight, make] of MAKERS) {
    if (at < weight) return make;
    at -= weight;
  }
  throw new Error('weights do not add up');
}

/** Mostly quick, now and then a rest in which things settle. */
function nextWait(random: Random): number {
  if (random.chance(0.02)) return between(random, 2_000, 7_000);
  return random.chance(0.4) ? random.below(5) : between(random, 5, 200);
}

/** One line about an operation. */
export function describeOperation({ wait, seed: _seed, ...operation }: Operation): string {
  return `+${wait} ms ${JSON.stringify(operation)}`;
}
