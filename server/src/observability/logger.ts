import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { LogFields, Logger } from '../ports/telemetry.ts';
import { redactTokens } from './redact.ts';

/** Fields that are never written, whatever they hold. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['token', 'authorization', 'secret', 'password', 'cookie']);

export interface LoggerDeps {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Standard output when absent. */
  readonly destination?: DestinationStream;
}

/** Creates a logger that writes one JSON line per event: time, level, event, fields. */
export function createLogger({ level, destination }: LoggerDeps): Logger {
  const options = {
    level,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      bindings: () => ({}),
      level: (label: string) => ({ level: label }),
    },
  };
  return adaptLogger(destination === undefined ? pino(options) : pino(options, destination));
}

function adaptLogger(logger: PinoLogger): Logger {
  return {
    debug: (event, fields) => logger.debug(cleanFields(fields), event),
    info: (event, fields) => logger.info(cleanFields(fields), event),
    warn: (event, fields, error) => logger.warn(withError(cleanFields(fields), error), event),
    error: (event, fields, error) => logger.error(withError(cleanFields(fields), error), event),
    child: (fields) => adaptLogger(logger.child(cleanFields(fields))),
  };
}

function cleanFields(fields: LogFields | undefined): Record<string, unknown> {
  if (fields === undefined) return {};
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cleanField(name, value)]));
}

function cleanField(name: string, value: LogFields[string]): LogFields[string] {
  if (SECRET_FIELDS.has(name.toLowerCase())) return '[redacted]';
  return typeof value === 'string' ? redactTokens(value) : value;
}

function withError(fields: Record<string, unknown>, error: unknown): Record<string, unknown> {
  return error === undefined ? fields : { ...fields, error: describeError(error, 0) };
}

/** An error as fields: its own message and stack, and those of up to three causes; nothing else that hangs on it. */
function describeError(error: unknown, depth: number): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: redactTokens(String(error)) };
  const described: Record<string, unknown> = { name: error.name, message: redactTokens(error.message) };
  if ('code' in error && typeof error.code === 'string') described['code'] = error.code;
  if (error.stack !== undefined) described['stack'] = redactTokens(error.stack);
  if (error.cause !== undefined && depth < 3) described['cause'] = describeError(error.cause, depth + 1);
  return described;
}
