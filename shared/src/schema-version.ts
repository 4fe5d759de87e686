/**
 * Version of the ProseMirror schema that the bundled editor writes. An editor with an older one is made read-only,
 * since a node type that its schema lacks would be deleted from the document.
 */
export const SCHEMA_VERSION = 1;
