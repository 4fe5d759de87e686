import { expect, test } from 'vitest';
import { isTrustedHost } from './trusted-host.ts';

test.each([
  ['localhost:8787', true],
  ['127.0.0.1:8787', true],
  ['[::1]:8787', true],
  ['app.localhost', true],
  ['editor.example.org', true],
  ['editor.example.org:8443', false],
  ['evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['evil.example/localhost', false],
  ['localhost@evil.example', false],
  ['', false],
  [undefined, false],
])('[AUTH13] signing in by name at Host %s: %s', (host, trusted) => {
  expect(isTrustedHost(host, ['*', 'https://editor.example.org'])).toBe(trusted);
});
