/** How often a long step says that it is still at work, where the output is no terminal. */
const HEARTBEAT_MS = 10_000;

/** A line of the launcher on standard output. */
export function say(/** @type {string} */ text) {
  process.stdout.write(`scriptorium: ${text}\n`);
}

/** Ends the launcher with one line that says what to do. */
export class LaunchError extends Error {
  /** @param {string} message what is wrong and what to do
   *  @param {string} [output] what the failed command printed, shown above the message */
  constructor(message, output = '') {
    super(message);
    this.name = 'LaunchError';
    this.output = output;
  }
}

/** Milliseconds as seconds for people: `3.2 s`. */
function seconds(/** @type {number} */ milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * Runs one step of the preparation: a line when it starts, a sign of life while it lasts, its time when it ended.
 * @template T
 * @param {string} doing what is being done, as in `installing dependencies`
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function runStep(doing, work) {
  const started = performance.now();
  say(`${doing} …`);
  const heartbeat = setInterval(() => say(`${doing}: ${seconds(performance.now() - started)} so far`), HEARTBEAT_MS);
  try {
    const result = await work();
    say(`${doing}: done (${seconds(performance.now() - started)})`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}
