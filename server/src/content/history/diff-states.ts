import * as Y from 'yjs';
import { findRoots, openState } from '../read-state.ts';
import { RICH_TEXT_ROOT } from '../render-json.ts';
import { firstEndingAfter } from './align-sequences.ts';
import type { AttributedRange, Authorship } from './authorship.ts';
import { readDiffTree, type Classify, type DiffBlock, type DiffRange } from './diff-tree.ts';

/** What differs between two states, or who wrote one of them. */
export interface StateDiff {
  /** The rich text. */
  readonly blocks: readonly (DiffBlock | DiffRange)[];
  /** Other roots of text, by name. */
  readonly roots: Readonly<Record<string, readonly (DiffBlock | DiffRange)[]>>;
}

/**
 * What was inserted and deleted between two states of one document, and who did it. What came and went in between is
 * not shown. `authorship` needs the rows behind the first state up to the second.
 */
export function diffStates(from: Uint8Array, to: Uint8Array, authorship: Authorship): StateDiff {
  const document = openState(from);
  const known = Y.decodeStateVector(Y.encodeStateVector(document));
  const gone = Y.createDeleteSetFromStructStore(document.store);
  // Nothing is collected in a private copy, so what the later state deleted still has its text.
  document.once('beforeObserverCalls', (transaction: Y.Transaction) => transaction.changed.clear());
  Y.applyUpdate(document, to);
  return readRoots(document, ({ client, from: clock, to: end, isDeleted }) => {
    const border = Math.min(end, Math.max(clock, known.get(client) ?? 0));
    const old = splitByDeletion(gone, { client, from: clock, to: border }).map((part): readonly AttributedSegment[] => {
      if (part.isDeleted) return [{ from: part.from, to: part.to, edit: null, kind: 'hidden' }];
      if (!isDeleted) return [{ from: part.from, to: part.to, edit: null, kind: 'same' }];
      return withKind(authorship.deletedBy(client, part.from, part.to), 'deleted');
    });
    const fresh =
      border === end ? [] : withKind(authorship.insertedBy(client, border, end), isDeleted ? 'hidden' : 'inserted');
    return [...old.flat(), ...fresh];
  });
}

type AttributedSegment = ReturnType<Classify>[number];

/** Who wrote each stretch of a state. `authorship` needs all rows up to it. */
export function blameState(state: Uint8Array, authorship: Authorship): StateDiff {
  return readRoots(openState(state), ({ client, from: clock, to: end, isDeleted }) =>
    isDeleted
      ? [{ from: clock, to: end, edit: null, kind: 'hidden' }]
      : withKind(authorship.insertedBy(client, clock, end), 'same'),
  );
}

function withKind(ranges: readonly AttributedRange[], kind: AttributedSegment['kind']): readonly AttributedSegment[] {
  return ranges.map((range) => ({ ...range, kind }));
}

function readRoots(document: Y.Doc, classify: Classify): StateDiff {
  let blocks: StateDiff['blocks'] = [];
  const roots: [string, StateDiff['blocks']][] = [];
  for (const { name, kind, type } of findRoots(document)) {
    if (kind !== 'fragment' && kind !== 'text') continue;
    const tree = readDiffTree(type, classify);
    if (name === RICH_TEXT_ROOT && kind === 'fragment') blocks = tree;
    else roots.push([name, tree]);
  }
  return { blocks, roots: Object.fromEntries(roots) };
}

interface ClientRange {
  readonly client: number;
  readonly from: number;
  readonly to: number;
}

function splitByDeletion(
  gone: ReturnType<typeof Y.createDeleteSetFromStructStore>,
  { client, from, to }: ClientRange,
): readonly { readonly from: number; readonly to: number; readonly isDeleted: boolean }[] {
  const ranges = gone.clients.get(client) ?? [];
  const parts: { from: number; to: number; isDeleted: boolean }[] = [];
  let at = from;
  for (let index = firstEndingAfter(ranges, from); index < ranges.length && at < to; index += 1) {
    const { clock = 0, len = 0 } = ranges[index] ?? {};
    if (clock >= to) break;
    if (clock > at) parts.push({ from: at, to: clock, isDeleted: false });
    const end = Math.min(to, clock + len);
    parts.push({ from: Math.max(at, clock), to: end, isDeleted: true });
    at = end;
  }
  if (at < to) parts.push({ from: at, to, isDeleted: false });
  return parts;
}
