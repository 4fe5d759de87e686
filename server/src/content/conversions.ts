import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Service } from '../service.ts';
import type { ChangesOutcome, ChangesRequest } from './changes/apply-changes.ts';
import type { ConversionRequest, ConversionResult, RenderFormat } from './conversion.ts';
import { ConversionThread } from './convert-in-thread.ts';

/** A body that shall become the content of a document. */
export interface ReplaceBody {
  readonly base: Uint8Array;
  readonly format: RenderFormat;
  readonly body: Uint8Array;
  readonly clientId: number;
}

/**
 * Conversions of documents: small ones at once, large ones in a thread, so that nobody's typing waits for them.
 * Throws as `runConversion` and `ConversionThread` do.
 */
export interface Conversions extends Service {
  /** A state in a format; UTF-8 where it is text. */
  render(state: Uint8Array, format: RenderFormat): Promise<Uint8Array>;
  /** The edit that makes a document what a body says; `null` when it is that already. */
  replace(request: ReplaceBody): Promise<Uint8Array | null>;
  change(request: ChangesRequest): Promise<ChangesOutcome>;
}

/** Bytes of state and body up to which a conversion takes a few milliseconds at most. */
const SMALL = 16 * 1024;
/** Milliseconds that one conversion may take, well within what an answer may. */
const DEADLINE = 8_000;
const QUEUE_MAX = 200;

export function createConversions({ clock }: { readonly clock: Clock }): Conversions {
  const thread = new ConversionThread({ clock, deadline: DEADLINE, queueMax: QUEUE_MAX });
  const run = async <R extends ConversionRequest>(request: R, bytes: number): Promise<ConversionResult<R>> => {
    if (bytes > SMALL) return thread.run(request);
    // Loads ProseMirror, which a server that nobody asks for content does not need.
    const { runConversion } = await import('./conversion.ts');
    return runConversion(request);
  };
  return {
    name: 'conversions',
    drain: () => thread.close(),
    render: async (state, format) => {
      const rendered = await run({ kind: 'render', state, format }, state.byteLength);
      if (rendered === null) throw new ScriptoriumError('internal', 'a state has no rendering');
      return rendered;
    },
    replace: (request) => run({ kind: 'replace', ...request }, request.base.byteLength + request.body.byteLength),
    change: (request) => run({ kind: 'change', ...request }, request.base.byteLength + request.current.byteLength),
  };
}
