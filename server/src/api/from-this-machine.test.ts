import { expect, test } from 'vitest';
import { isFromThisMachine } from './from-this-machine.ts';

const local = { httpVersion: '1.1', remoteAddress: '127.0.0.1' };

test.each([
  ['localhost:8787', true],
  ['127.0.0.1:8787', true],
  ['[::1]:8787', true],
  ['app.localhost', true],
  ['editor.example.org', false],
  ['evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['evil.example/localhost', false],
  ['evil.example#localhost', false],
  ['localhost@evil.example', false],
  ['', false],
  [undefined, false],
])('[AUTH13] signing in by name at Host %s: %s', (host, trusted) => {
  expect(isFromThisMachine({ ...local, headers: { host } })).toBe(trusted);
});

test.each([
  [undefined, true],
  ['http://localhost:5173', true],
  ['http://127.0.0.1:8787', true],
  ['https://editor.example.org', false],
  ['http://localhost.evil.example', false],
  ['null', false],
])('[AUTH18] signing in by name from a page of %s: %s', (origin, trusted) => {
  expect(isFromThisMachine({ ...local, headers: { host: '127.0.0.1:8787', origin } })).toBe(trusted);
});

test.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])(
  '[AUTH18] a request with the header %s came through a proxy, whatever it says',
  (header) => {
    expect(isFromThisMachine({ ...local, headers: { host: '127.0.0.1:8787', [header]: '127.0.0.1' } })).toBe(false);
  },
);

test.each([
  ['127.0.0.1', '1.1', true],
  ['::1', '1.1', true],
  ['::ffff:127.0.0.1', '1.1', true],
  ['127.0.0.1', '1.0', false],
  ['10.0.0.7', '1.1', false],
  ['::ffff:10.0.0.7', '1.1', false],
  [undefined, '1.1', false],
])('[AUTH18] from %s over HTTP %s: %s', (remoteAddress, httpVersion, trusted) => {
  expect(isFromThisMachine({ remoteAddress, httpVersion, headers: { host: 'localhost' } })).toBe(trusted);
});
