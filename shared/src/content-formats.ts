/** Formats in which a document can be read and written. */
export const CONTENT_FORMATS = ['yjs', 'json', 'markdown', 'html', 'text'] as const;

export type ContentFormat = (typeof CONTENT_FORMATS)[number];

/** Media type of each content format. */
export const CONTENT_MEDIA_TYPES: Readonly<Record<ContentFormat, string>> = {
  yjs: 'application/vnd.yjs.update',
  json: 'application/json; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
  html: 'text/html; charset=utf-8',
  text: 'text/plain; charset=utf-8',
};
