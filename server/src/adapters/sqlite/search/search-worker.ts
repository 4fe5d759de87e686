import { parentPort, workerData } from 'node:worker_threads';
import { toFailure } from '../sqlite-failures.ts';
import type { WorkerOptions, WorkerRequest, WorkerResponse } from '../sqlite-messages.ts';
import { SearchDatabase } from './search-database.ts';
import type { SearchProtocol } from './search-messages.ts';

function serve(port: NonNullable<typeof parentPort>, options: WorkerOptions): void {
  const send = (response: WorkerResponse<SearchProtocol>): void => port.postMessage(response);
  let database: SearchDatabase;
  try {
    database = SearchDatabase.open(options.file);
  } catch (error) {
    send({ kind: 'unusable', failure: toFailure(error) });
    port.close();
    return;
  }
  port.on('message', ({ id, command }: WorkerRequest<SearchProtocol>) => {
    try {
      send({ kind: 'answer', id, answer: database.execute(command) });
    } catch (error) {
      send({ kind: 'failure', id, failure: toFailure(error) });
    }
    if (command.kind === 'close') port.close();
  });
  send({ kind: 'ready' });
}

if (parentPort !== null) serve(parentPort, workerData as WorkerOptions);
