import { createSchemaExtensions } from '@scriptorium/shared/editor-schema';
import { getSchema } from '@tiptap/core';
import type { MarkType, NodeType, Schema } from '@tiptap/pm/model';
import type { JsonObject } from './content-node.ts';
import type { JsonValue } from './json-value.ts';

/**
 * The editor's schema, made once. Whatever imports this file loads ProseMirror, so routes import the conversions
 * when the first one is asked for.
 */
export const editorSchema: Schema = getSchema(createSchemaExtensions());

const nodeDefaults = new Map<string, JsonObject>();
const markDefaults = new Map<string, JsonObject>();
const markRanks = new Map<string, number>();

for (const type of Object.values(editorSchema.nodes)) nodeDefaults.set(type.name, dropNulls(defaultsOf(type)));
for (const [rank, type] of Object.values(editorSchema.marks).entries()) {
  markDefaults.set(type.name, defaultsOf(type));
  markRanks.set(type.name, rank);
}

/** The node type of a name; `null` when the schema does not know it. */
export function findNodeType(name: string): NodeType | null {
  return Object.hasOwn(editorSchema.nodes, name) ? (editorSchema.nodes[name] ?? null) : null;
}

/** The mark type of a name; `null` when the schema does not know it. */
export function findMarkType(name: string): MarkType | null {
  return Object.hasOwn(editorSchema.marks, name) ? (editorSchema.marks[name] ?? null) : null;
}

/** The attributes that an editor stores for a fresh node: its defaults, but for those that are null. */
export function nodeDefaultsOf(name: string): JsonObject {
  return nodeDefaults.get(name) ?? {};
}

/** The attributes that an editor stores for a fresh mark: its defaults, null or not. */
export function markDefaultsOf(name: string): JsonObject {
  return markDefaults.get(name) ?? {};
}

/** Where a mark stands among the marks of a text; one that the schema does not know stands last. */
export function markRankOf(name: string): number {
  return markRanks.get(name) ?? markRanks.size;
}

function defaultsOf({ spec }: NodeType | MarkType): JsonObject {
  const entries = Object.entries(spec.attrs ?? {}).filter(([, { default: value }]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, attribute]) => [key, attribute.default as JsonValue]));
}

function dropNulls(attributes: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}
