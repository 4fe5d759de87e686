import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './redis-url.ts';

const NOBODY = { username: null, password: null };

describe('[ROOM40] the URL of a Redis', () => {
  it.each([
    ['redis://cache', { kind: 'server', tls: false, login: NOBODY, address: { host: 'cache', port: 6379 } }],
    ['redis://cache:7000/3', { kind: 'server', tls: false, login: NOBODY, address: { host: 'cache', port: 7000 } }],
    ['redis://[::1]:7000/', { kind: 'server', tls: false, login: NOBODY, address: { host: '::1', port: 7000 } }],
    [
      'rediss://ada:s%40cret%2F@cache.example.org',
      {
        kind: 'server',
        tls: true,
        login: { username: 'ada', password: 's@cret/' },
        address: { host: 'cache.example.org', port: 6379 },
      },
    ],
    [
      ' redis+cluster://:secret@h1:7000,h2,[fe80::1]:7002 ',
      {
        kind: 'cluster',
        tls: false,
        login: { username: null, password: 'secret' },
        seeds: [
          { host: 'h1', port: 7000 },
          { host: 'h2', port: 6379 },
          { host: 'fe80::1', port: 7002 },
        ],
      },
    ],
    [
      'rediss+sentinel://user:pass@h1,h2:5000/my%20master?sentinelPassword=pa%26ss',
      {
        kind: 'sentinel',
        tls: true,
        login: { username: 'user', password: 'pass' },
        sentinels: [
          { host: 'h1', port: 26_379 },
          { host: 'h2', port: 5000 },
        ],
        sentinelLogin: { username: null, password: 'pa&ss' },
        master: 'my master',
      },
    ],
  ])('%s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toEqual({ kind: 'ok', target });
  });

  it.each([
    ['', 'redis://host:6379'],
    ['cache:6379', 'redis://host:6379'],
    ['http://cache', 'redis://host:6379'],
    ['redis+replica://cache', 'redis://host:6379'],
    ['redis://', 'host:port'],
    ['redis://cache:0', 'host:port'],
    ['redis://cache:99999', 'host:port'],
    ['redis://cache:6379:6380', 'host:port'],
    ['redis+cluster://h1,,h2', 'host:port'],
    ['redis://h1,h2', 'redis+cluster:// or redis+sentinel://'],
    ['redis://cache/name', 'number of a database'],
    ['redis+cluster://h1,h2/1', 'no databases'],
    ['redis+sentinel://h1,h2', 'name of the master'],
    ['redis+sentinel://h1,h2/%E0%A4%A', 'name of the master'],
    ['redis://cache?tls=1', '"tls"'],
    ['redis+cluster://cache?sentinelPassword=x', '"sentinelPassword"'],
    ['redis://user:pass%word@cache', 'percent-encoded'],
  ])('%s is refused with what to write', (url, hint) => {
    const result = parseRedisUrl(url);
    expect(result.kind === 'invalid' && result.problem).toContain(hint);
  });

  it('a problem does not show the password', () => {
    for (const url of ['redis://:hunter2@h1,h2', 'redis://:hunter2@', 'redis://:hunter2@h/x', 'redis://:hunter2%@h']) {
      const result = parseRedisUrl(url);
      expect(result.kind === 'invalid' && result.problem).not.toContain('hunter2');
    }
  });
});
