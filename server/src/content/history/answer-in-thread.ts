import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Service } from '../../service.ts';
import type { ConversionResult } from '../conversion.ts';
import { ConversionThread } from '../convert-in-thread.ts';
import type { PastQuestion } from './answer-past.ts';

/** Bytes up to which an answer takes a few milliseconds at most, and starting a thread would take longer. */
const SMALL = 16 * 1024;
/** Milliseconds that one answer may take; a request is given up at twelve seconds. */
const DEADLINE = 10_000;
const QUEUE_MAX = 100;

/** Who answers questions about the past. */
export interface PastThread extends Service {
  answer(question: PastQuestion): Promise<Uint8Array>;
}

/**
 * Answers questions about the past: small ones at once, others in a thread of their own, so that neither typing nor the
 * conversions of today's content wait for a long history. Throws as `answerPast` and `ConversionThread` do.
 */
export function createPastThread({ clock }: { readonly clock: Clock }): PastThread {
  const thread = new ConversionThread({ clock, deadline: DEADLINE, queueMax: QUEUE_MAX });
  return {
    name: 'history',
    answer: async (question) => {
      if (sizeOf(question) > SMALL) return toBytes(await thread.run(question));
      // Loads ProseMirror, which a server that nobody asks does not need.
      const { answerPast } = await import('./answer-past.ts');
      return answerPast(question);
    },
    drain: () => thread.close(),
  };
}

function toBytes(result: ConversionResult): Uint8Array {
  if (result instanceof Uint8Array) return result;
  throw new ScriptoriumError('internal', 'an answer came to something else');
}

function sizeOf(question: PastQuestion): number {
  if (question.kind === 'past-restore') return question.base.byteLength + question.target.byteLength;
  const base = 'base' in question ? (question.base.state?.byteLength ?? 0) : 0;
  return question.parts.reduce((sum, { bytes, rawBytes }) => sum + (rawBytes ?? bytes.byteLength), base);
}
