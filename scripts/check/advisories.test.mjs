import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** From which version on a package is without a hole that we know of, and what the hole was. */
const LEAST = [
  ['lib0', '0.2.120', 'server memory through a crafted message'],
  ['ws', '8.21.0', 'tiny fragments without a limit'],
  ['crossws', '0.4.17', 'a bundled ws without that limit'],
  ['@hocuspocus/server', '4.7.0', 'frames that wait for a login without a bound'],
  ['@tiptap/core', '3.30.5', '__proto__ in attributes, slow expressions'],
  ['linkifyjs', '4.3.2', '__proto__ in attributes'],
  ['fastify', '5.8.3', 'a forged host behind a proxy; content types'],
];

/** The old server that the benchmark compares with has its own; nothing of ours listens with it. */
const ONLY_COMPARED = new Set(['ws@6.2.7']);

const LOCKED = /^ {2}'?((?:@[\w.-]+\/)?[\w.-]+)@(\d+)\.(\d+)\.(\d+)[^:]*'?:$/gm;

it.for(LEAST)('[ATT3] no version of %s is installed from before %s: %s', ([name, least]) => {
  const lock = readFileSync(new URL('../../pnpm-lock.yaml', import.meta.url), 'utf8');
  const versions = [...lock.matchAll(LOCKED)]
    .filter(([, found]) => found === name)
    .map(([, , ...numbers]) => numbers.slice(0, 3).map(Number))
    .filter((version) => !ONLY_COMPARED.has(`${name}@${version.join('.')}`));
  const [major = 0, minor = 0, patch = 0] = (least ?? '').split('.').map(Number);
  const older = versions.filter(
    ([a = 0, b = 0, c = 0]) => a < major || (a === major && (b < minor || (b === minor && c < patch))),
  );
  expect(older).toEqual([]);
});

it('[ATT3] the packages are found where they are looked for', () => {
  const lock = readFileSync(new URL('../../pnpm-lock.yaml', import.meta.url), 'utf8');
  const found = new Set([...lock.matchAll(LOCKED)].map(([, name]) => name));
  for (const name of ['lib0', 'ws', '@hocuspocus/server', '@tiptap/core', 'fastify']) expect(found).toContain(name);
});
