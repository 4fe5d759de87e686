import type { FanOut, RelayMessage } from '../../ports/fan-out.ts';
import type { DocumentId } from '../../ports/update-log.ts';

type RowHandler = (message: RelayMessage) => void;
type AwarenessHandler = (node: string, update: Uint8Array) => void;

interface Subscription<Handler> {
  /** Whom messages are not delivered to, since they come from there; `null` takes all. */
  readonly node: string | null;
  readonly handler: Handler;
}

/** What the nodes of one process share: who listens to which document. */
export interface InProcessExchange {
  readonly rows: Map<DocumentId, Set<Subscription<RowHandler>>>;
  readonly awareness: Map<DocumentId, Set<Subscription<AwarenessHandler>>>;
}

export interface InProcessFanOutDeps {
  /** The node this end belongs to, which then never hears itself. */
  readonly node?: string;
  /** Joins other nodes of the process; without it the node is alone. */
  readonly exchange?: InProcessExchange;
  /** Told of a handler that threw; the other handlers get their message all the same. */
  readonly onHandlerError?: (error: unknown) => void;
}

/** Makes the medium that several fan-outs of one process can share. */
export function createInProcessExchange(): InProcessExchange {
  return { rows: new Map(), awareness: new Map() };
}

/** A fan-out between the nodes of one process; messages arrive in a later microtask, in order and by reference. */
export function createInProcessFanOut(deps: InProcessFanOutDeps = {}): FanOut {
  const { rows, awareness } = deps.exchange ?? createInProcessExchange();
  const node = deps.node ?? null;
  const deliver = <Handler>(
    topic: Map<DocumentId, Set<Subscription<Handler>>>,
    to: { readonly documentId: DocumentId; readonly from: string },
    call: (handler: Handler) => void,
  ): void => {
    const subscriptions = topic.get(to.documentId);
    if (subscriptions === undefined) return;
    const others = [...subscriptions].filter((subscription) => subscription.node !== to.from);
    if (others.length === 0) return;
    queueMicrotask(() => {
      for (const subscription of others) {
        // It may have been ended since.
        if (!subscriptions.has(subscription)) continue;
        try {
          call(subscription.handler);
        } catch (error) {
          deps.onHandlerError?.(error);
        }
      }
    });
  };
  return {
    publish: (message) =>
      deliver(rows, { documentId: message.documentId, from: message.node }, (handler) => handler(message)),
    subscribe: (documentId, handler) => addSubscription(rows, documentId, { node, handler }),
    publishAwareness: (documentId, from, update) =>
      deliver(awareness, { documentId, from }, (handler) => handler(from, update)),
    subscribeAwareness: (documentId, handler) => addSubscription(awareness, documentId, { node, handler }),
    healthy: () => true,
  };
}

function addSubscription<Handler>(
  topic: Map<DocumentId, Set<Subscription<Handler>>>,
  documentId: DocumentId,
  subscription: Subscription<Handler>,
): () => void {
  const subscriptions = topic.get(documentId) ?? new Set();
  topic.set(documentId, subscriptions.add(subscription));
  return () => {
    subscriptions.delete(subscription);
    if (subscriptions.size === 0 && topic.get(documentId) === subscriptions) topic.delete(documentId);
  };
}
