/** Why the server took something not. */
export interface Refusal {
  /** Code of the shared error table. */
  readonly code: string;
  /** One sentence for people. */
  readonly title: string;
}

/** What one may say about the changes made here. `pending` counts those that the server has not confirmed. */
export type SaveStatus =
  /** Everything made here is durable on the server. */
  | { readonly kind: 'saved'; readonly pending: 0 }
  | { readonly kind: 'saving'; readonly pending: number }
  /** No connection; `kept` of the changes are confirmed to be stored on this device. */
  | { readonly kind: 'offline'; readonly pending: number; readonly kept: number }
  | { readonly kind: 'refused'; readonly pending: number; readonly refusal: Refusal };

/** A question to the server that waits for its answer, and how many edits had been sent before it. */
interface Probe {
  readonly id: number;
  readonly edits: number;
}

/**
 * What is known about the changes made here. Edits are counted from 1 on, in the order in which they were made; those
 * that an earlier visit left behind come first.
 */
export interface SaveFacts {
  /** `up`: open, or on its way; `synced`: both sides have exchanged what they had when the connection came up. */
  readonly link: 'down' | 'up' | 'synced';
  /** Number of the connection; an answer counts only on the one that the question went out on. */
  readonly connection: number;
  readonly edits: number;
  /** The first so many edits are stored on this device. */
  readonly kept: number;
  /** The first so many edits are durable on the server. */
  readonly durable: number;
  readonly probe: Probe | null;
  /** Whether the server's state was compared with ours since the connection came up, and how that ended. */
  readonly check: 'due' | 'passed' | 'failed';
  /** The server was seen to lack something, and has not been seen to have it since. */
  readonly lacking: boolean;
  readonly refusal: (Refusal & { readonly connection: number }) | null;
}

/** What can happen. */
export type SaveEvent =
  /** Changes of an earlier visit were found on this device. */
  | { readonly type: 'inherited'; readonly changes: number }
  | { readonly type: 'edited' }
  /** The first `edits` edits are stored on this device. */
  | { readonly type: 'kept'; readonly edits: number }
  | { readonly type: 'opened' }
  | { readonly type: 'synced' }
  | { readonly type: 'closed' }
  | { readonly type: 'probed'; readonly id: number }
  /** The server has committed or refused what was sent before the probe; `covers`: it lacks nothing we had then. */
  | { readonly type: 'answered'; readonly id: number; readonly covers: boolean }
  /** No answer came in time. */
  | { readonly type: 'expired'; readonly id: number }
  /** A new round of synchronisation was asked for. */
  | { readonly type: 'healing' }
  /** Time to compare with the server again. */
  | { readonly type: 'recheck' }
  | { readonly type: 'refused'; readonly refusal: Refusal };

/** Nothing edited, the first connection on its way. */
export const initialFacts: SaveFacts = {
  link: 'up',
  connection: 0,
  edits: 0,
  kept: 0,
  durable: 0,
  probe: null,
  check: 'due',
  lacking: false,
  refusal: null,
};

type Transitions = {
  readonly [T in SaveEvent['type']]: (facts: SaveFacts, event: Extract<SaveEvent, { type: T }>) => SaveFacts;
};

/** One entry per event: each is possible in each state. */
const transitions: Transitions = {
  inherited: (facts, { changes }) => ({ ...facts, edits: facts.edits + changes, kept: facts.kept + changes }),
  edited: (facts) => ({ ...facts, edits: facts.edits + 1 }),
  kept: (facts, { edits }) => ({ ...facts, kept: Math.min(facts.edits, Math.max(facts.kept, edits)) }),
  opened: (facts) => ({ ...facts, link: 'up', connection: facts.connection + 1, probe: null, check: 'due' }),
  synced: (facts) => (facts.link === 'down' ? facts : { ...facts, link: 'synced' }),
  closed: (facts) => ({ ...facts, link: 'down', probe: null, check: 'due' }),
  probed: (facts, { id }) => (facts.link === 'synced' ? { ...facts, probe: { id, edits: facts.edits } } : facts),
  answered: takeAnswer,
  expired: (facts, { id }) => (facts.probe?.id === id ? { ...facts, probe: null } : facts),
  healing: (facts) => (facts.link === 'down' ? facts : { ...facts, link: 'up', check: 'due' }),
  recheck: (facts) => (facts.check === 'passed' ? { ...facts, check: 'due' } : facts),
  refused: (facts, { refusal }) => ({ ...facts, refusal: { ...refusal, connection: facts.connection } }),
};

function takeAnswer(facts: SaveFacts, { id, covers }: Extract<SaveEvent, { type: 'answered' }>): SaveFacts {
  if (facts.probe?.id !== id) return facts;
  const { edits } = facts.probe;
  const settled = { ...facts, probe: null };
  // Deletions have no clock, so after a refusal no answer on this connection proves that all of it is in.
  if (isRefusedHere(facts)) return { ...settled, check: 'passed' };
  if (!covers) return { ...settled, check: 'failed', lacking: true };
  return { ...settled, check: 'passed', lacking: false, refusal: null, durable: Math.max(facts.durable, edits) };
}

function isRefusedHere(facts: SaveFacts): boolean {
  return facts.refusal !== null && facts.refusal.connection === facts.connection;
}

/** The facts after an event. */
export function applySaveEvent(facts: SaveFacts, event: SaveEvent): SaveFacts {
  // The table holds one function per type, which the compiler cannot follow through an index.
  const transition = transitions[event.type] as (facts: SaveFacts, event: SaveEvent) => SaveFacts;
  return transition(facts, event);
}

/** What to tell people. */
export function decideSaveStatus(facts: SaveFacts): SaveStatus {
  const unconfirmed = facts.edits - facts.durable;
  const pending = unconfirmed === 0 && facts.lacking ? 1 : unconfirmed;
  if (facts.refusal !== null)
    return { kind: 'refused', pending, refusal: { code: facts.refusal.code, title: facts.refusal.title } };
  if (pending === 0) return { kind: 'saved', pending };
  if (facts.link !== 'down') return { kind: 'saving', pending };
  const kept = facts.kept === facts.edits ? pending : Math.max(0, facts.kept - facts.durable);
  return { kind: 'offline', pending, kept };
}

/** What to do next: ask the server how far it is, bring it what it lacks, or nothing. */
export function decideNextStep(facts: SaveFacts): 'probe' | 'heal' | 'wait' {
  if (facts.link !== 'synced' || facts.probe !== null) return 'wait';
  if (isRefusedHere(facts)) return 'wait';
  if (facts.check === 'failed') return 'heal';
  return facts.check === 'due' || facts.edits > facts.durable ? 'probe' : 'wait';
}
