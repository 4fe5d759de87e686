import type { Logger } from '../../src/ports/telemetry.ts';

/** A logger that says nothing, for tests that look elsewhere. */
export function createSilentLogger(): Logger {
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => logger,
  };
  return logger;
}
