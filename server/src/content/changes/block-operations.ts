import type { ChangeBlockPlace, ChangeOperation, ChangeResult } from '@scriptorium/shared/change-schemas';
import * as Y from 'yjs';
import { checkLevel, containsUnknown } from '../check-content.ts';
import { nodeOf } from '../edit/inline-pieces.ts';
import { createTypes } from '../edit/write-nodes.ts';
import { parseNode } from '../parse-json.ts';
import { RICH_TEXT_ROOT } from '../render-json.ts';
import type { ChangeStates } from './change-states.ts';
import { blockIdOf, findElement } from './find-block.ts';
import { RefusedChange } from './refused-change.ts';

type BlockOperation = Extract<ChangeOperation, { readonly op: 'insertBlock' | 'moveBlock' | 'deleteBlock' }>;

/** Where a block stands: its parent and its index there. */
interface Slot {
  readonly parent: Y.XmlFragment;
  readonly index: number;
}

/** Applies an operation on a whole block. Refuses by throwing `RefusedChange`. */
export function applyBlockOperation({ base, document }: ChangeStates, operation: BlockOperation): ChangeResult {
  if (operation.op === 'insertBlock') {
    const [type] = createTypes([parseNode(operation.node)]);
    if (!(type instanceof Y.XmlElement)) throw new RefusedChange('invalid', 'a block is an element');
    return insertBlock(findSlot({ base, document }, operation.to), type);
  }
  // It must have been there when the operation was thought of.
  findElement(base, operation.block);
  const block = findElement(document, operation.block);
  if (operation.op === 'moveBlock') return moveBlock({ base, document }, block, operation.to);
  if (containsUnknown(nodeOf(block)))
    throw new RefusedChange('invalid', 'the block holds what the schema does not know');
  deleteBlock(block);
  return { status: 'applied' };
}

function insertBlock({ parent, index }: Slot, type: Y.XmlElement): ChangeResult {
  const name = type.nodeName;
  checkChildren(parent, (names) => names.toSpliced(index, 0, name));
  parent.insert(index, [type]);
  return { status: 'applied', block: blockIdOf(type) };
}

/** Yjs cannot move: the block is copied to its new place, under a new address, and deleted at the old one. */
function moveBlock(states: ChangeStates, block: Y.XmlElement, to: ChangeBlockPlace): ChangeResult {
  const slot = findSlot(states, to);
  for (let at: unknown = slot.parent; at instanceof Y.XmlElement; at = at.parent) {
    if (at === block) throw new RefusedChange('invalid', 'a block cannot move into itself');
  }
  const own = slotOf(block);
  if (own.parent === slot.parent && (own.index === slot.index || own.index + 1 === slot.index))
    return { status: 'applied', block: blockIdOf(block) };
  const result = insertBlock(slot, block.clone());
  deleteBlock(block);
  return result;
}

function deleteBlock(block: Y.XmlElement): void {
  const { parent, index } = slotOf(block);
  checkChildren(parent, (names) => names.toSpliced(index, 1));
  parent.delete(index, 1);
}

/** Checks what a parent would hold; the document itself may be empty, as a new one is. */
function checkChildren(parent: Y.XmlFragment, change: (names: readonly string[]) => readonly string[]): void {
  const names = parent.toArray().map((child) => (child instanceof Y.XmlElement ? child.nodeName : 'text'));
  const content = change(names).map((type) => ({ type, ...(type === 'text' && { text: 'x' }) }));
  if (parent instanceof Y.XmlElement) checkLevel({ type: parent.nodeName, content });
  else if (content.length > 0) checkLevel({ type: 'doc', content });
}

function findSlot({ base, document }: ChangeStates, place: ChangeBlockPlace): Slot {
  if ('at' in place) {
    const parent = document.getXmlFragment(RICH_TEXT_ROOT);
    return { parent, index: place.at === 'start' ? 0 : parent.length };
  }
  const address = 'before' in place ? place.before : place.after;
  findElement(base, address);
  const { parent, index } = slotOf(findElement(document, address));
  return { parent, index: 'before' in place ? index : index + 1 };
}

function slotOf(block: Y.XmlElement): Slot {
  const { parent } = block;
  if (!(parent instanceof Y.XmlFragment)) throw new RefusedChange('invalid', 'the block stands in no document');
  return { parent, index: parent.toArray().indexOf(block) };
}
