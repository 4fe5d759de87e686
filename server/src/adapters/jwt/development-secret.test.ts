import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTemporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { loadDevelopmentSecret } from './development-secret.ts';

let directory: TemporaryDirectory;

beforeEach(() => {
  directory = createTemporaryDirectory('secret');
});

afterEach(() => directory.remove());

test('[AUTH12] the development secret is made once, kept, and readable by its owner alone', async () => {
  const inner = join(directory.path, 'data');
  const made = await loadDevelopmentSecret(inner);
  expect(made).toHaveLength(32);
  expect(await loadDevelopmentSecret(inner)).toEqual(made);
  expect(readdirSync(inner)).toEqual(['development-secret']);
  expect(statSync(join(inner, 'development-secret')).mode & 0o777).toBe(0o600);
});

test('[AUTH12] two starts at once agree on one secret', async () => {
  const secrets = await Promise.all(Array.from({ length: 5 }, () => loadDevelopmentSecret(directory.path)));
  expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).toBe(1);
  expect(readdirSync(directory.path)).toEqual(['development-secret']);
});

test('[AUTH12] a file that holds no secret is not taken for one', async () => {
  writeFileSync(join(directory.path, 'development-secret'), 'short\n');
  await expect(loadDevelopmentSecret(directory.path)).rejects.toThrow('does not hold a secret');
});
