import type { FanOut } from '../../src/ports/fan-out.ts';
import type { UpdateLog } from '../../src/ports/update-log.ts';

/** A log's methods, to be replaced one by one. */
export function bindLog(log: UpdateLog): UpdateLog {
  return {
    append: (batch) => log.append(batch),
    readRows: (...range) => log.readRows(...range),
    readHeads: (ids) => log.readHeads(ids),
    readLoadStart: (id) => log.readLoadStart(id),
    readBindings: (id) => log.readBindings(id),
  };
}

/** A fan-out's methods, to be replaced one by one. */
export function bindFanOut(fanOut: FanOut): FanOut {
  return {
    shared: fanOut.shared,
    publish: (message) => fanOut.publish(message),
    subscribe: (...subscription) => fanOut.subscribe(...subscription),
    publishAwareness: (...presence) => fanOut.publishAwareness(...presence),
    subscribeAwareness: (...subscription) => fanOut.subscribeAwareness(...subscription),
    healthy: () => fanOut.healthy(),
    onHealth: (handler) => fanOut.onHealth(handler),
    onNodeGone: (handler) => fanOut.onNodeGone(handler),
    drain: (milliseconds) => fanOut.drain(milliseconds),
  };
}

/** A log whose heads cannot be read while `blind.now` says so. */
export function blindLog(log: UpdateLog): { readonly log: UpdateLog; readonly blind: { now: () => boolean } } {
  const blind = { now: () => false };
  const readHeads: UpdateLog['readHeads'] = (ids) =>
    blind.now() ? Promise.reject(new Error('nobody may look')) : log.readHeads(ids);
  return { log: { ...bindLog(log), readHeads }, blind };
}
