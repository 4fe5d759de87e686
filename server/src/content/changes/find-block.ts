import * as Y from 'yjs';
import { findRoots } from '../read-state.ts';
import { RefusedChange } from './refused-change.ts';
import type { TextBlock } from './text-stretches.ts';

/** The address of a block: the id of its item, which no two blocks share and which edits of others leave alone. */
export function blockIdOf(type: Y.XmlElement): string {
  const id = type._item?.id;
  return id === undefined ? '' : `${id.client}:${id.clock}`;
}

/** The element at an address. Refuses with `not-found` or `deleted`. */
export function findElement(document: Y.Doc, address: string): Y.XmlElement {
  const [client = 0, clock = 0] = address.split(':').map(Number);
  const structs = document.store.clients.get(client) ?? [];
  if (structs.length === 0 || clock >= Y.getState(document.store, client))
    throw new RefusedChange('not-found', 'there is no such block');
  const item = structs[Y.findIndexSS(structs, clock)];
  if (!(item instanceof Y.Item) || item.deleted) throw new RefusedChange('deleted', 'the block was deleted');
  const type: unknown = item.content instanceof Y.ContentType ? item.content.type : null;
  if (!(type instanceof Y.XmlElement) || item.id.clock !== clock)
    throw new RefusedChange('not-found', 'there is no such block');
  return type as Y.XmlElement;
}

/** The element or plain text at an address. Refuses with `not-found` or `deleted`. */
export function findTextBlock(document: Y.Doc, address: string): TextBlock {
  if (!address.startsWith('root:')) return findElement(document, address);
  const name = address.slice('root:'.length);
  const root = findRoots(document).find((one) => one.name === name);
  if (root?.kind !== 'text') throw new RefusedChange('not-found', 'there is no such text');
  return document.getText(name);
}
