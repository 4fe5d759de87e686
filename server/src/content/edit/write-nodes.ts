import * as Y from 'yjs';
import { checkNode } from '../check-content.ts';
import type { ContentNode } from '../content-node.ts';
import type { JsonValue } from '../json-value.ts';
import { formatsOf } from './mark-formats.ts';

/** An element whose attributes are of any kind, as editors write them; the type of Yjs knows only text. */
export type AnyElement = Y.XmlElement<Record<string, JsonValue>>;

/**
 * Makes the shared types of nodes that are new: neighbouring texts are one text type, everything else an element.
 *
 * Throws `unknown-node` or `invalid-content` for what an editor could not hold.
 */
export function createTypes(nodes: readonly ContentNode[]): readonly (Y.XmlElement | Y.XmlText)[] {
  for (const node of nodes) checkNode(node);
  return createAll(nodes);
}

function createAll(nodes: readonly ContentNode[]): readonly (Y.XmlElement | Y.XmlText)[] {
  const types: (Y.XmlElement | Y.XmlText)[] = [];
  let texts: ContentNode[] = [];
  const flush = (): void => {
    if (texts.length > 0) types.push(createText(texts));
    texts = [];
  };
  for (const node of nodes) {
    if (node.text !== undefined) {
      texts.push(node);
      continue;
    }
    flush();
    types.push(createElement(node));
  }
  flush();
  return types;
}

function createElement({ type, attrs = {}, content = [] }: ContentNode): Y.XmlElement {
  const element: AnyElement = new Y.XmlElement(type);
  for (const [key, value] of Object.entries(attrs)) element.setAttribute(key, value);
  if (content.length > 0) element.insert(0, [...createAll(content)]);
  return element as unknown as Y.XmlElement;
}

function createText(nodes: readonly ContentNode[]): Y.XmlText {
  const text = new Y.XmlText();
  text.applyDelta(nodes.map(toInsert));
  return text;
}

/** A text node as an insertion with all its formats. */
export function toInsert({ text = '', marks }: ContentNode): { insert: string; attributes: Record<string, JsonValue> } {
  return { insert: text, attributes: Object.fromEntries(formatsOf(marks)) };
}
