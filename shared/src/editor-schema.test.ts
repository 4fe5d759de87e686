import { getSchema } from '@tiptap/core';
import { describe, expect, it } from 'vitest';
import { createSchemaExtensions } from './editor-schema.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

/** What each version of the schema consists of. A new version gets a new line; an old line never changes. */
const VERSIONS: Readonly<Record<number, { readonly nodes: string; readonly marks: string }>> = {
  1: {
    nodes:
      'paragraph(dir) blockquote bulletList codeBlock(language) doc hardBreak heading(dir,level) horizontalRule ' +
      'listItem orderedList(start,type) text taskList taskItem(checked) table tableCell(colspan,rowspan,colwidth,align) ' +
      'tableHeader(colspan,rowspan,colwidth,align) tableRow',
    marks: 'link(href,target,rel,class,title) bold code italic strike underline',
  },
};

function describeTypes(
  types: Readonly<Record<string, { readonly name: string; readonly spec: { readonly attrs?: object | null } }>>,
): string {
  return Object.values(types)
    .map(({ name, spec }) => {
      const attributes = Object.keys(spec.attrs ?? {}).join(',');
      return attributes === '' ? name : `${name}(${attributes})`;
    })
    .join(' ');
}

describe('editor schema', () => {
  it('[APP4] the schema is the one that its version stands for', () => {
    const schema = getSchema(createSchemaExtensions());
    expect({ nodes: describeTypes(schema.nodes), marks: describeTypes(schema.marks) }).toEqual(
      VERSIONS[SCHEMA_VERSION],
    );
  });
});
