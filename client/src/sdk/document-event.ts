import type { EventType } from '@scriptorium/shared/event-types';

/** A state of a document. */
interface State {
  readonly epoch: number;
  readonly seq: number;
}

interface Edition extends State {
  readonly publication: string;
  readonly edition: number;
}

/** What each type of event tells besides what all do. */
interface Facts extends Record<EventType, object> {
  'document.created': State;
  /** Rows `from` to `to` came in. */
  'document.changed': { readonly epoch: number; readonly from: number; readonly to: number };
  /** `from` is the name before. */
  'document.renamed': State & { readonly from: string };
  'document.deleted': State;
  'document.erased': { readonly erasure: string };
  'version.created': State & { readonly version: string; readonly kind: string; readonly label: string | null };
  'document.published': Edition;
  'document.unpublished': Edition;
  'user.joined': object;
  'user.left': object;
}

interface Common {
  readonly tenant: string;
  /** The name that the document had then. */
  readonly document: string;
  /** Number of the event in its document, from 1 without gaps. */
  readonly number: number;
  /** Whose doing it was; `null` where it was the server's, or several people's. */
  readonly user: string | null;
}

/** Something that happened to a document, as webhooks and streams of events tell it; `type` says what `data` holds. */
export type DocumentEvent = {
  readonly [Type in EventType]: {
    readonly type: Type;
    readonly timestamp: string;
    readonly data: Common & Facts[Type];
  };
}[EventType];
