import { describe, expect, test } from 'vitest';
import type { Environment } from './config-problems.ts';
import { type Config, parseConfig } from './config.ts';

function accepted(environment: Environment): Config {
  const result = parseConfig(environment, () => '');
  if (result.kind === 'invalid') throw new Error(result.problems.join('\n'));
  return result.config;
}

function refused(environment: Environment): readonly string[] {
  const result = parseConfig(environment, () => '');
  return result.kind === 'invalid' ? result.problems : [];
}

describe('[OPS140] search is embedded unless Meilisearch is named', () => {
  test('by default', () => {
    expect(accepted({}).search).toEqual({ engine: null, fallback: false });
    expect(accepted({ SEARCH_ENABLED: 'false' }).search).toBeNull();
  });

  test('with Meilisearch', () => {
    const given = { MEILI_URL: 'http://search:7700', MEILI_API_KEY: 'secret', SEARCH_FALLBACK: 'true' };
    expect(accepted(given).search).toEqual({
      engine: { url: 'http://search:7700', apiKey: 'secret', index: 'scriptorium' },
      fallback: true,
    });
  });

  test.each(['MEILI_API_KEY', 'MEILI_INDEX', 'SEARCH_FALLBACK'])('%s alone makes no sense', (name) => {
    expect(refused({ [name]: 'true' })[0]).toMatch(new RegExp(`^${name} is set without MEILI_URL`));
  });
});
