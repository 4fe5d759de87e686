import type { HistoryPart } from '../../core/history-part.ts';
import { collectAuthorship, type Edit } from './authorship.ts';
import { blameState, diffStates, type StateDiff } from './diff-states.ts';
import type { DiffBlock, DiffRange } from './diff-tree.ts';
import { mergeRows } from './merge-rows.ts';
import { readParts, type RowRange } from './read-parts.ts';
import { renderDiffHtml } from './render-diff.ts';
import { restoreState } from './restore-state.ts';
import { groupSittings } from './sittings.ts';

/** The state that an answer builds on; `null` for the empty one. */
interface Base {
  readonly seq: number;
  readonly state: Uint8Array | null;
}

/** What can be asked about the past of a document; plain values and bytes, so that it can cross to another thread. */
export type PastQuestion =
  /** The state at `upTo`; `parts` hold the rows above the base. */
  | { readonly kind: 'past-state'; readonly base: Base; readonly parts: readonly HistoryPart[]; readonly upTo: number }
  /** `parts` hold the rows above the base, which is at or below `from`. */
  | {
      readonly kind: 'past-diff';
      readonly base: Base;
      readonly parts: readonly HistoryPart[];
      readonly from: number;
      readonly to: number;
      readonly format: 'json' | 'html';
    }
  /** `parts` hold all rows up to `upTo`. */
  | { readonly kind: 'past-blame'; readonly base: Base; readonly parts: readonly HistoryPart[]; readonly upTo: number }
  | {
      readonly kind: 'past-restore';
      readonly base: Uint8Array;
      readonly target: Uint8Array;
      readonly clientId: number;
    }
  | ({ readonly kind: 'past-sittings'; readonly parts: readonly HistoryPart[]; readonly pause: number } & RowRange & {
        readonly unreadable: readonly { readonly fromSeq: number; readonly toSeq: number }[];
      });

/** Answers with a state, with an update (no bytes where there is nothing to change), or with JSON or HTML in UTF-8. */
export function answerPast(question: PastQuestion): Uint8Array {
  switch (question.kind) {
    case 'past-state':
      return mergeUpTo(question.base, question.parts, question.upTo);
    case 'past-restore':
      return restoreState(question) ?? new Uint8Array(0);
    case 'past-diff': {
      const { base, parts, from, to, format } = question;
      const before = base.seq === from && base.state !== null ? base.state : mergeUpTo(base, parts, from);
      const range = { after: from, upTo: to };
      const after = mergeRows(before, readParts(parts, range));
      const diff = diffStates(before, after, collectAuthorship(readParts(parts, range)));
      if (format === 'html') return utf8.encode(renderDiffHtml(diff));
      return toJson({ from, to, ...showDiff(diff) });
    }
    case 'past-blame': {
      const { base, parts, upTo } = question;
      const state = mergeUpTo(base, parts, upTo);
      const authorship = collectAuthorship(readParts(parts, { after: 0, upTo }));
      return toJson({ at: upTo, ...showDiff(blameState(state, authorship)) });
    }
    case 'past-sittings': {
      const sittings = groupSittings(readParts(question.parts, question), question.pause);
      return toJson({
        sittings: sittings.toReversed().map(({ actor, from, to, ...sitting }) => ({
          author: actor,
          ...sitting,
          from: toTime(from),
          to: toTime(to),
        })),
        unreadable: question.unreadable.map(({ fromSeq, toSeq }) => ({ fromSeq, toSeq })),
        earlier: question.after === 0 ? null : question.after,
      });
    }
  }
}

const utf8 = new TextEncoder();

function toJson(value: object): Uint8Array {
  return utf8.encode(JSON.stringify(value));
}

function mergeUpTo({ seq, state }: Base, parts: readonly HistoryPart[], upTo: number): Uint8Array {
  return mergeRows(state, readParts(parts, { after: seq, upTo }));
}

function showDiff({ blocks, roots }: StateDiff): object {
  const shown = Object.entries(roots).map(([name, parts]) => [name, parts.map(showPart)] as const);
  return { blocks: blocks.map(showPart), roots: Object.fromEntries(shown) };
}

function showPart({ edit, ...part }: DiffBlock | DiffRange): object {
  const by = edit === null ? null : showEdit(edit);
  if ('text' in part) return { ...part, by };
  return { ...part, by, content: part.content.map(showPart) };
}

function showEdit({ actor, seq, at }: Edit): object {
  return { author: actor, seq, at: toTime(at) };
}

function toTime(at: number): string {
  return new Date(at).toISOString();
}
