import { expect, test } from 'vitest';
import { ScriptoriumError } from '../core/errors.ts';
import { createLogger } from './logger.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';

function build(level: 'debug' | 'warn' = 'debug') {
  const lines: string[] = [];
  const log = createLogger({ level, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

test('[OPS10] a line is one JSON object with time, level, event and fields', () => {
  const { log, lines, last } = build();
  log.child({ part: 'rooms' }).info('room.loaded', { document: 7, seconds: 0.5 });
  expect(last()).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    level: 'info',
    event: 'room.loaded',
    part: 'rooms',
    document: 7,
    seconds: 0.5,
  });
  expect(lines[0]?.endsWith('}\n')).toBe(true);
});

test('[OPS10] what is below the level is not written', () => {
  const { log, lines } = build('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines).toHaveLength(2);
});

test('[OPS10] an error keeps its message, stack, code and causes', () => {
  const { log, last } = build();
  log.error('flush.failed', {}, new ScriptoriumError('storage-unavailable', 'disk', { cause: new Error('ENOSPC') }));
  expect(last()['error']).toMatchObject({
    name: 'ScriptoriumError',
    code: 'storage-unavailable',
    message: 'storage-unavailable: disk',
    stack: expect.stringContaining('logger.test') as unknown,
    cause: { message: 'ENOSPC' },
  });
});

test('[OPS11] no token reaches a line, wherever it sits', () => {
  const { log, lines } = build();
  const error = new Error(`bad request GET /y/a?token=${JWT}&x=1`, {
    cause: new Error(`Authorization: Bearer ${JWT}`),
  });
  log.warn(
    'socket.refused',
    { url: `/y/a?x=1&token=${JWT}`, token: JWT, authorization: `Bearer ${JWT}`, note: `got ${JWT}` },
    error,
  );
  log.child({ token: JWT }).info('x');
  expect(lines.join('')).not.toContain('c2lnbmF0dXJl');
  expect(lines.join('')).not.toContain('eyJ');
  expect(lines[0]).toContain('/y/a?x=1&token=[redacted]');
  expect(lines[0]).toContain('&x=1');
});

test('[OPS11] a token that is not a JWT is taken out of addresses too', () => {
  const { log, last } = build();
  log.info('x', { url: 'ws://host/y/a?token=opaque-thing', fragment: '#access_token=opaque-thing' });
  expect(JSON.stringify(last())).not.toContain('opaque-thing');
});

test('[OPS11] thrown things that are no errors are logged as text', () => {
  const { log, last } = build();
  log.error('x', undefined, `token=${JWT}`);
  expect(last()['error']).toEqual({ message: 'token=[redacted]' });
});
