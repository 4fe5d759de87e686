/** What can happen to a document, as webhooks and the stream of events name it. */
export const EVENT_TYPES = [
  'document.created',
  'document.changed',
  'document.renamed',
  'document.deleted',
  'document.erased',
  'version.created',
  'document.published',
  'document.unpublished',
  'user.joined',
  'user.left',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
