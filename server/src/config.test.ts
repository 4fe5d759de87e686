import { describe, expect, test } from 'vitest';
import { type Environment, isLoopbackHost } from './config-problems.ts';
import { type Config, configReference, parseConfig } from './config.ts';

const noFile = (): string => {
  throw new Error('no such file');
};

function accepted(environment: Environment, readFile: (path: string) => string = noFile): Config {
  const result = parseConfig(environment, readFile);
  if (result.kind === 'invalid') throw new Error(result.problems.join('\n'));
  return result.config;
}

function refused(environment: Environment, readFile: (path: string) => string = noFile): readonly string[] {
  const result = parseConfig(environment, readFile);
  if (result.kind === 'ok') throw new Error('the configuration was taken');
  return result.problems;
}

const longSecret = 's'.repeat(32);

test('[OPS1] an empty environment is development mode on a loopback host', () => {
  const config = accepted({ PATH: '/usr/bin', HOME: '/root' });
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 8787,
    dataDir: '.data',
    logLevel: 'info',
    allowedOrigins: [],
    warnings: [],
  });
  expect(config.tokens).toEqual({
    secret: null,
    issuer: null,
    audience: null,
    keySet: null,
    toleranceMs: 5000,
    defaultRole: 'none',
  });
  expect(config.limits).toMatchObject({ messageBytes: 16 * 1024 * 1024, updatesPerSecond: 60, updatesBurst: 600 });
});

test('[OPS1] the configuration cannot be changed', () => {
  const config = accepted({});
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.limits)).toBe(true);
  expect(Object.isFrozen(config.allowedOrigins)).toBe(true);
});

test('[OPS1] an empty variable is one that is not set', () => {
  expect(accepted({ PORT: '', JWT_SECRET: ' ', DATABASE_URL: '', LIMIT_UNHEARD_OF: '' }).port).toBe(8787);
});

describe('[OPS2] a bad value is one line that names the variable', () => {
  test.each([
    ['PORT', 'eighty'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['LIMIT_MESSAGE_BYTES', '0'],
    ['LIMIT_UPDATES_PER_SECOND', '1e3'],
    ['LOG_LEVEL', 'loud'],
    ['ALLOWED_ORIGINS', 'app.example.org'],
    ['ALLOWED_ORIGINS', 'https://a.example.org/path'],
  ])('%s=%s', (name, value) => {
    const problems = refused({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} [^\n]+\\.$`));
  });

  test('all problems are told at once', () => {
    expect(refused({ PORT: 'x', LOG_LEVEL: 'y', REDIS_URL: 'redis://z' })).toHaveLength(3);
  });
});

describe('[OPS42] variables that rule one another out are refused together', () => {
  test('a pause that leaves no time to stop', () => {
    const [problem] = refused({ SHUTDOWN_PAUSE_SECONDS: '10', SHUTDOWN_TIMEOUT_SECONDS: '10' });
    expect(problem).toContain('SHUTDOWN_PAUSE_SECONDS=10');
    expect(accepted({ SHUTDOWN_PAUSE_SECONDS: '2' })).toMatchObject({
      shutdownPauseMs: 2_000,
      shutdownTimeoutMs: 10_000,
    });
    expect(accepted({ SHUTDOWN_TIMEOUT_SECONDS: '1' }).shutdownPauseMs).toBe(0);
  });

  test('a message that no buffer could take', () => {
    const [problem] = refused({ LIMIT_MESSAGE_BYTES: '67108865' });
    expect(problem).toContain('LIMIT_WRITER_PENDING_BYTES=67108864');
  });
});

test('[OPS2] origins are normalized', () => {
  const { allowedOrigins } = accepted({ ALLOWED_ORIGINS: ' https://App.Example.org, http://localhost:5173/ ,,*' });
  expect(allowedOrigins).toEqual(['https://app.example.org', 'http://localhost:5173', '*']);
});

describe('[OPS37] stores are chosen one by one', () => {
  test('without a variable everything is embedded', () => {
    expect(accepted({}).stores).toMatchObject({ database: null, redis: null, objects: null });
  });

  test('each by its own', () => {
    const url = 'postgres://scriptorium@db/scriptorium?sslmode=verify-full';
    expect(accepted({ DATABASE_URL: url }).stores).toMatchObject({
      database: { url, directUrl: url, replicaUrl: null, poolSize: 10, migrate: 'auto' },
      redis: null,
      objects: null,
    });
    const { redis } = accepted({ DATABASE_URL: url, REDIS_URL: 'redis+sentinel://a:26379,b:26379/main' }).stores;
    expect(redis).toEqual({ url: 'redis+sentinel://a:26379,b:26379/main', prefix: 'scriptorium' });
    expect(accepted({ S3_BUCKET: 'documents', S3_FORCE_PATH_STYLE: 'true' }).stores.objects).toEqual({
      bucket: 'documents',
      endpoint: null,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: null,
    });
  });

  test('a temporary key brings its token along', () => {
    const key = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' };
    expect(accepted({ S3_BUCKET: 'documents', ...key }).stores.objects?.credentials).toEqual({
      accessKeyId: 'key',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    });
  });

  test('days and hours are told in milliseconds', () => {
    expect(accepted({ LOG_ROWS_HOURS: '2', DELETED_KEEP_DAYS: '1' }).stores).toMatchObject({
      rowMinAge: 7_200_000,
      deletedAfter: 86_400_000,
      keepDays: 3,
    });
  });

  test('an address with a password may come from a file', () => {
    const config = accepted({ DATABASE_URL_FILE: '/run/secrets/database' }, () => 'postgres://a:b@db/c\n');
    expect(config.stores.database?.url).toBe('postgres://a:b@db/c');
  });

  test.each([
    [{ REDIS_URL: 'redis://r' }, 'REDIS_URL'],
    [{ S3_ENDPOINT: 'http://s' }, 'S3_ENDPOINT'],
    [{ DATABASE_REPLICA_URL: 'postgres://r/d' }, 'DATABASE_REPLICA_URL'],
    [{ DATABASE_URL: 'mysql://d' }, 'DATABASE_URL'],
    [{ S3_FORCE_PATH_STYLE: 'yes' }, 'S3_FORCE_PATH_STYLE'],
  ])('what makes no sense is one line: %o', (environment, name) => {
    const problems = refused(environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} [^\n]+\\.$`));
  });
});

describe('[OPS3] what this version cannot do is never ignored', () => {
  test('a trace endpoint changes nothing about documents: a warning', () => {
    expect(accepted({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }).warnings).toHaveLength(1);
  });
});

describe('[OPS4] an unknown variable of ours is refused and the nearest known one named', () => {
  test.each([
    ['SCRIPTORIUM_PORT', 'PORT'],
    ['SCRIPTORIUM_DATADIR', 'DATA_DIR'],
    ['LIMIT_MESAGE_BYTES', 'LIMIT_MESSAGE_BYTES'],
    ['LIMIT_UPDATES_PER_SECONDS', 'LIMIT_UPDATES_PER_SECOND'],
  ])('%s', (name, nearest) => {
    expect(refused({ [name]: '1' })).toEqual([`${name} is not a variable of this server. Did you mean ${nearest}?`]);
  });
});

describe('[OPS5] others can reach it: a secret is needed', () => {
  test('without a secret the variable is named', () => {
    expect(refused({ HOST: '0.0.0.0' })[0]).toContain('JWT_SECRET is not set');
  });

  test('a secret that can be guessed is none', () => {
    expect(refused({ HOST: '0.0.0.0', JWT_SECRET: 'short' })[0]).toContain('JWT_SECRET is too short');
    expect(accepted({ HOST: '0.0.0.0', JWT_SECRET: longSecret }).tokens.secret).toBe(longSecret);
  });

  test('on a loopback host a short one is taken with a warning', () => {
    expect(accepted({ JWT_SECRET: 'short' }).warnings).toHaveLength(1);
  });

  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['localhost', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.2', false],
    ['127.0.0.1.example.org', false],
    ['localhost.example.org', false],
  ])('%s is a loopback host: %s', (host, loopback) => {
    expect(isLoopbackHost(host)).toBe(loopback);
  });

  test('issuer and audience mean nothing without a secret', () => {
    expect(refused({ JWT_ISSUER: 'x', JWT_AUDIENCE: 'y' })).toHaveLength(2);
    expect(refused({ JWT_SECRET: longSecret, JWKS_ISSUER: 'x', JWKS_AUDIENCE: 'y' })).toHaveLength(2);
  });
});

describe('[AUTH19] signing in by name alone cannot be switched on by accident', () => {
  test('a secret or a key set ends it, on any host', () => {
    for (const more of [{ JWT_SECRET: longSecret }, { JWKS_URL: 'https://id.example.org/keys' }]) {
      expect(accepted({ ...more, HOST: '0.0.0.0', NODE_ENV: 'production' }).host).toBe('0.0.0.0');
    }
  });

  test('production is none, loopback host or not', () => {
    expect(refused({ NODE_ENV: 'production' })[0]).toContain('sign in by name alone');
    expect(refused({ NODE_ENV: 'production', HOST: '0.0.0.0' })).toHaveLength(2);
    expect(accepted({ NODE_ENV: 'development' }).tokens.secret).toBeNull();
  });
});

describe('[AUTH18] where keys come from must be safe', () => {
  test.each([
    ['https://id.example.org/.well-known/jwks.json', true],
    ['http://127.0.0.1:9000/keys', true],
    ['http://localhost/keys', true],
    ['http://[::1]:9000/keys', true],
    ['http://id.example.org/keys', false],
    ['http://localhost.example.org/keys', false],
    ['http://127.0.0.1.example.org/keys', false],
    ['http://localhost@example.org/keys', false],
    ['https://user:password@id.example.org/keys', false],
    ['ftp://127.0.0.1/keys', false],
    ['id.example.org', false],
  ])('%s: %s', (url, safe) => {
    if (safe) expect(accepted({ JWKS_URL: url }).tokens.keySet?.url).toBe(url);
    else expect(refused({ JWKS_URL: url })[0]).toMatch(/^JWKS_URL must be /);
  });

  test('its issuer and audience are its own, or those of all tokens; without an audience there is a warning', () => {
    const url = 'https://id.example.org/keys';
    const both = { JWKS_URL: url, JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' };
    expect(accepted(both).tokens.keySet).toEqual({ url, issuer: 'a', audience: 'b' });
    expect(accepted({ ...both, JWKS_ISSUER: 'c', JWKS_AUDIENCE: 'd' }).tokens).toMatchObject({
      issuer: 'a',
      keySet: { url, issuer: 'c', audience: 'd' },
    });
    expect(accepted(both).warnings).toEqual([]);
    expect(accepted({ JWKS_URL: url }).warnings[0]).toContain('JWKS_AUDIENCE');
  });

  test('the role of silent tokens is never admin', () => {
    expect(accepted({ JWT_DEFAULT_ROLE: 'editor' }).tokens.defaultRole).toBe('editor');
    expect(refused({ JWT_DEFAULT_ROLE: 'admin' })).toHaveLength(1);
  });
});

describe('[OPS6] a secret may come from a file', () => {
  test('its text is the secret, without the line feed at the end', () => {
    const config = accepted({ JWT_SECRET_FILE: '/run/secrets/jwt' }, (path) =>
      path === '/run/secrets/jwt' ? `${longSecret}\n` : '',
    );
    expect(config.tokens.secret).toBe(longSecret);
  });

  test('a file that cannot be read, an empty one, and both ways at once are refused', () => {
    expect(refused({ JWT_SECRET_FILE: '/nowhere' })[0]).toBe('JWT_SECRET_FILE names /nowhere, which cannot be read.');
    expect(refused({ JWT_SECRET_FILE: '/empty' }, () => '\n')[0]).toContain('which is empty');
    expect(refused({ JWT_SECRET_FILE: '/f', JWT_SECRET: longSecret }, () => longSecret)[0]).toContain('both set');
  });
});

test('[OPS7] the table says the defaults that are used', () => {
  const config = accepted({});
  const defaults = new Map<string, string>(configReference.map((row) => [row.name, row.default]));
  expect(defaults.get('HOST')).toBe(config.host);
  expect(defaults.get('PORT')).toBe(String(config.port));
  expect(defaults.get('DATA_DIR')).toBe(config.dataDir);
  expect(defaults.get('LOG_LEVEL')).toBe(config.logLevel);
  expect(defaults.get('LIMIT_WRITER_PENDING_BYTES')).toBe(String(config.limits.writerPendingBytes));
  for (const { name, meaning } of configReference)
    expect([name, meaning]).toEqual([name, expect.stringMatching(/.{10,}\.$/)]);
});
