import { parentPort } from 'node:worker_threads';
import { toScriptoriumError } from '../core/errors.ts';
import { runConversion } from './conversion.ts';
import type { ConversionAnswer, ConversionQuestion } from './convert-in-thread.ts';

/** The thread's side: one question at a time. */
function serve(port: NonNullable<typeof parentPort>): void {
  port.on('message', ({ id, request }: ConversionQuestion) => {
    const send = (answer: ConversionAnswer): void => port.postMessage(answer);
    runConversion(request).then(
      (result) => send({ id, result }),
      (error: unknown) => {
        const { code, detail } = toScriptoriumError(error);
        send({ id, code, detail: detail ?? null });
      },
    );
  });
}

if (parentPort !== null) serve(parentPort);
