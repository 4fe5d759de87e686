import { expect, test } from 'vitest';
import { negotiateFormat } from './negotiate-format.ts';

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
  ['text/html, */*;q=0.1', 'json'],
  ['application/json;q=0, */*;q=0.1', 'text'],
  ['APPLICATION/VND.YJS.UPDATE', 'yjs'],
  ['text/html', null],
  ['application/json;q=0', null],
  ['application/json;q=nonsense', null],
])('[REST12] Accept %s gives %s', (accept, format) => {
  expect(negotiateFormat(accept)).toBe(format);
});
