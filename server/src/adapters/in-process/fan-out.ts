import type { FanOut, RelayMessage } from '../../ports/fan-out.ts';
import type { DocumentId } from '../../ports/update-log.ts';

type RowHandler = (message: RelayMessage) => void;
type AwarenessHandler = (node: string, update: Uint8Array) => void;

interface Subscription<Handler> {
  /** Whom messages are not delivered to, since they come from there; `null` takes all. */
  readonly node: string | null;
  readonly handler: Handler;
}

type Topics<Key, Handler> = Map<Key, Set<Subscription<Handler>>>;

/** What the nodes of one process share: who listens to which document, and who wants to hear of nodes that go. */
export interface InProcessExchange {
  readonly rows: Topics<DocumentId, RowHandler>;
  readonly awareness: Topics<DocumentId, AwarenessHandler>;
  readonly departures: Topics<'nodes', (node: string) => void>;
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
  return { rows: new Map(), awareness: new Map(), departures: new Map() };
}

/** A fan-out between the nodes of one process; messages arrive in a later microtask, in order and by reference. */
export function createInProcessFanOut(deps: InProcessFanOutDeps = {}): FanOut {
  const { rows, awareness, departures } = deps.exchange ?? createInProcessExchange();
  const node = deps.node ?? null;
  let drained = false;
  const deliver = <Key, Handler>(
    topics: Topics<Key, Handler>,
    to: { readonly key: Key; readonly from: string },
    call: (handler: Handler) => void,
  ): void => {
    const subscriptions = topics.get(to.key);
    if (subscriptions === undefined || drained) return;
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
    shared: deps.exchange !== undefined,
    publish: (message) => deliver(rows, { key: message.documentId, from: message.node }, (handler) => handler(message)),
    subscribe: (documentId, handler, onActive) => {
      const leave = addSubscription(rows, documentId, { node, handler });
      onActive?.();
      return leave;
    },
    publishAwareness: (documentId, from, update) =>
      deliver(awareness, { key: documentId, from }, (handler) => handler(from, update)),
    subscribeAwareness: (documentId, handler, onActive) => {
      const leave = addSubscription(awareness, documentId, { node, handler });
      onActive?.();
      return leave;
    },
    healthy: () => true,
    onHealth: () => () => undefined,
    onNodeGone: (handler) => addSubscription(departures, 'nodes', { node, handler }),
    drain: () => {
      if (node !== null) deliver(departures, { key: 'nodes', from: node }, (handler) => handler(node));
      drained = true;
      return Promise.resolve();
    },
  };
}

function addSubscription<Key, Handler>(
  topics: Topics<Key, Handler>,
  key: Key,
  subscription: Subscription<Handler>,
): () => void {
  const subscriptions = topics.get(key) ?? new Set();
  topics.set(key, subscriptions.add(subscription));
  return () => {
    subscriptions.delete(subscription);
    if (subscriptions.size === 0 && topics.get(key) === subscriptions) topics.delete(key);
  };
}
