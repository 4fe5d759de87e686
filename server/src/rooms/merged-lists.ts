import * as Y from 'yjs';
import type { InsertionList, InsertionPlace } from '../core/update-crowd.ts';
import type { Effort } from '../core/update-effort.ts';
import type { StructId } from '../core/update-struct.ts';

/**
 * Whether one item of a list stands left of another. Walks from both at once; where somebody goes
 * on writing at one place the answer is next to the item or in its own references, however much others inserted there.
 */
export function isLeftOf(left: Y.Item, right: Y.Item, effort: Effort): boolean {
  if (left.right === right || isIn(right, left.rightOrigin) || isIn(left, right.origin)) return true;
  if (left.parent !== right.parent || left.parentSub !== right.parentSub) return false;
  let forward: Y.Item | null = left.right;
  let backward: Y.Item | null = right.left;
  while (forward !== null && backward !== null && effort.left >= 0) {
    effort.left -= 1;
    if (forward === right || backward === left) return true;
    forward = forward.right;
    backward = backward.left;
  }
  return false;
}

/** The clock unit that stands directly left or right of one of an item's; `null` at the end of the list. */
export function unitNextTo(item: Y.Item, clock: number, side: 'left' | 'right'): StructId | null {
  const next = side === 'left' ? clock - 1 : clock + 1;
  if (next >= item.id.clock && next < item.id.clock + item.length) return { client: item.id.client, clock: next };
  if (side === 'left') return item.left === null ? null : item.left.lastId;
  return item.right === null ? null : item.right.id;
}

/** Whether the item holds the place that a reference names. */
function isIn(item: Y.Item, id: Y.ID | null): boolean {
  return (
    id !== null && id.client === item.id.client && id.clock >= item.id.clock && id.clock < item.id.clock + item.length
  );
}

/**
 * How many items `Item.integrate` (yjs 13.6) would look at to find the place of an insertion. Walks as it does, over
 * the items as they are; an item that would be divided first counts as one.
 */
export function countConflicts(doc: Y.Doc, place: InsertionPlace, effort: Effort): number {
  const { store } = doc;
  const left = place.origin === null ? null : itemAt(store, place.origin);
  const right = place.rightOrigin === null ? null : itemAt(store, place.rightOrigin);
  // Next to what is collected it is collected itself.
  if (isCollected(store, place.origin) || isCollected(store, place.rightOrigin)) return 0;
  const first = left === null ? firstOf(doc, place.list, effort) : behind(left, place.origin);
  return first === right ? 0 : walkConflicts(store, { place, left, right, first }, effort);
}

interface Walk {
  readonly place: InsertionPlace;
  readonly left: Y.Item | null;
  readonly right: Y.Item | null;
  readonly first: Y.Item | null;
}

function walkConflicts(store: Y.Doc['store'], { place, left, right, first }: Walk, effort: Effort): number {
  const passed = new Set<Y.Item>();
  let count = 0;
  for (let item = first; item !== null && item !== right && effort.left >= 0; item = item.right) {
    effort.left -= 1;
    count += 1;
    passed.add(item);
    // The rest of a divided item has the place as its origin.
    if (item === left || isSame(place.origin, item.origin)) {
      if (item.id.client >= place.client && isSame(place.rightOrigin, item.rightOrigin)) break;
    } else {
      const origin = item.origin === null ? null : itemAt(store, item.origin);
      if (origin === null || !passed.has(origin)) break;
    }
  }
  return count;
}

/** What stands directly behind a place: the rest of its item, or the next one. */
function behind(left: Y.Item, origin: StructId | null): Y.Item | null {
  const isLast = origin === null || origin.clock === left.id.clock + left.length - 1;
  return isLast ? left.right : left;
}

function firstOf(doc: Y.Doc, list: InsertionList | null, effort: Effort): Y.Item | null {
  if (list === null) return null;
  const member = list.member === null ? null : itemAt(doc.store, list.member);
  const parent = member === null ? parentOf(doc, list) : member.parent;
  const key = member === null ? list.key : member.parentSub;
  if (!(parent instanceof Y.AbstractType)) return null;
  if (key === null) return parent._start;
  let item = parent._map.get(key) ?? null;
  while (item !== null && item.left !== null) {
    item = item.left;
    effort.left -= 1;
  }
  return item;
}

function parentOf(doc: Y.Doc, list: InsertionList): unknown {
  if (list.root !== null) return doc.share.get(list.root);
  const item = list.parent === null ? null : itemAt(doc.store, list.parent);
  return item?.content instanceof Y.ContentType ? item.content.type : null;
}

/** The item that holds a place, or `null` when it is not known or was collected. */
function itemAt(store: Y.Doc['store'], id: StructId): Y.Item | null {
  const structs = store.clients.get(id.client);
  if (structs === undefined || id.clock >= Y.getState(store, id.client)) return null;
  const struct = structs[Y.findIndexSS(structs, id.clock)];
  return struct instanceof Y.Item ? struct : null;
}

function isCollected(store: Y.Doc['store'], id: StructId | null): boolean {
  return id !== null && id.clock < Y.getState(store, id.client) && itemAt(store, id) === null;
}

function isSame(a: StructId | null, b: StructId | null): boolean {
  return a === b || (a !== null && b !== null && a.client === b.client && a.clock === b.clock);
}
