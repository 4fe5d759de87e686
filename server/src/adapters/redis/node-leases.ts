/** Who else is there, judged by who was heard. */
export interface NodeLeases {
  /** A node was heard; false when it had said goodbye, and this is a late word of it. */
  hear(node: string): boolean;
  /** A node said goodbye. */
  farewell(node: string): void;
  /** One beat has passed. */
  beat(): void;
  onGone(handler: (node: string) => void): () => void;
  readonly size: number;
}

/** Nodes that said goodbye and are remembered. */
const FAREWELLS = 1_000;

/**
 * Gives each node a lease of some beats that every word of it renews. Beats are counted, not timed: when this process
 * stood still for a while, the words of others wait to be read, and nobody has died.
 */
export function createNodeLeases(deps: {
  readonly lease: number;
  readonly onHandlerError: (error: unknown) => void;
}): NodeLeases {
  const silence = new Map<string, number>();
  const farewells = new Set<string>();
  const handlers = new Set<(node: string) => void>();
  const end = (node: string): void => {
    silence.delete(node);
    for (const handler of handlers) {
      try {
        handler(node);
      } catch (error) {
        deps.onHandlerError(error);
      }
    }
  };
  return {
    hear(node) {
      if (farewells.has(node)) return false;
      silence.set(node, 0);
      return true;
    },
    farewell(node) {
      if (farewells.has(node)) return;
      farewells.add(node);
      for (const oldest of farewells) {
        if (farewells.size <= FAREWELLS) break;
        farewells.delete(oldest);
      }
      end(node);
    },
    beat() {
      for (const [node, beats] of silence) {
        if (beats >= deps.lease) end(node);
        else silence.set(node, beats + 1);
      }
    },
    onGone(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    get size() {
      return silence.size;
    },
  };
}
