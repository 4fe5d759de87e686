import * as Y from 'yjs';
import type { Effort } from '../core/update-effort.ts';
import type { DeleteRanges } from '../core/update-structure.ts';

type AnyType = Y.AbstractType<unknown>;

/** Name of the root type that an item lies in; `null` for none. */
export function rootOfItem(item: Y.Item | null): string | null {
  for (let inner = item; inner !== null;) {
    const { parent } = inner;
    if (!(parent instanceof Y.AbstractType)) return null;
    if (parent._item === null) return Y.findRootTypeKey(parent);
    inner = parent._item;
  }
  return null;
}

interface Deletion {
  readonly root: string;
  readonly deletes: readonly DeleteRanges[];
  readonly effort: Effort;
}

/**
 * Whether all that the ranges would delete lies in the root, but for marks of formats elsewhere without which everything
 * looks the same.
 */
export function deletesOnlyIn(store: Y.Doc['store'], { root, deletes, effort }: Deletion): boolean {
  const marks = new Map<AnyType, Set<Y.Item>>();
  for (const { client, ranges } of deletes) {
    for (const item of undeletedIn(store.clients.get(client), ranges)) {
      effort.left -= 1;
      if (effort.left < 0) return false;
      if (rootOfItem(item) === root) continue;
      if (!(item.content instanceof Y.ContentFormat) || !(item.parent instanceof Y.AbstractType)) return false;
      const parent = item.parent as AnyType;
      marks.set(parent, (marks.get(parent) ?? new Set()).add(item));
    }
  }
  return [...marks].every(([parent, gone]) => looksTheSame(parent, gone, effort));
}

/** The items with an undeleted unit in the known part of the ranges. */
function* undeletedIn(
  structs: readonly (Y.Item | Y.GC)[] | undefined,
  ranges: readonly number[],
): Generator<Y.Item, void> {
  const last = structs?.at(-1);
  if (structs === undefined || last === undefined) return;
  const known = last.id.clock + last.length;
  for (let index = 0; index < ranges.length; index += 2) {
    const clock = ranges[index] ?? 0;
    const end = clock + (ranges[index + 1] ?? 0);
    if (clock >= known) continue;
    for (let at = Y.findIndexSS(structs as (Y.Item | Y.GC)[], clock); at < structs.length; at += 1) {
      const struct = structs[at];
      if (struct === undefined || struct.id.clock >= end) break;
      if (struct instanceof Y.Item && !struct.deleted) yield struct;
    }
  }
}

/** Whether every piece of content in a list has the same formats without some of the marks. */
function looksTheSame(parent: AnyType, gone: ReadonlySet<Y.Item>, effort: Effort): boolean {
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (let item = parent._start; item !== null; item = item.right) {
    effort.left -= 1;
    if (effort.left < 0) return false;
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentFormat) {
      setFormat(before, item.content);
      if (!gone.has(item)) setFormat(after, item.content);
    } else if (!isSame(before, after)) {
      return false;
    }
  }
  return true;
}

function setFormat(formats: Map<string, string>, { key, value }: Y.ContentFormat): void {
  if (value === null) formats.delete(key);
  else formats.set(key, JSON.stringify(value));
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
