import { expect, test } from 'vitest';
import { negotiateFormat, prefersPage } from './negotiate-format.ts';

test.each([
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['text/plain', 'text'],
  ['text/*', 'text'],
  ['application/vnd.yjs.update', 'yjs'],
  ['application/octet-stream', 'yjs'],
  ['text/plain, application/json', 'json'],
  ['text/plain, application/json;q=0.9', 'text'],
  ['text/html, */*;q=0.1', 'html'],
  ['image/png, */*;q=0.1', 'json'],
  ['text/markdown', 'markdown'],
  ['application/json;q=0, */*;q=0.1', 'text'],
  ['APPLICATION/VND.YJS.UPDATE', 'yjs'],
  ['image/png', null],
  ['application/json;q=0', null],
  ['application/json;q=nonsense', null],
])('[REST12] Accept %s gives %s', (accept, format) => {
  expect(negotiateFormat(accept)).toBe(format);
});

test.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html', true],
  ['TEXT/HTML;q=0.5', true],
  ['text/html, application/json', true],
  ['text/html;q=0.5, application/json', false],
  ['text/html;q=0.9, application/problem+json', false],
  ['text/html;q=0', false],
  ['*/*', false],
  ['application/json', false],
  [undefined, false],
])('[APP19] Accept %s comes from somebody who reads: %s', (accept, reads) => {
  expect(prefersPage(accept)).toBe(reads);
});
