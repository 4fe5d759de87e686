import { describe, expect, it } from 'vitest';
import { readConnectionOptions } from './connection-options.ts';

const read = (address: string) => readConnectionOptions(address, null);

describe('[OPS35] the address of a database', () => {
  it('[OPS35] has host, port, name, user and password, decoded', async () => {
    expect(await read('postgres://ada%40home:p%2Fw%20d@db.example:6432/notes%20one')).toEqual({
      host: 'db.example',
      port: 6432,
      database: 'notes one',
      user: 'ada@home',
      password: 'p/w d',
      ssl: false,
      application_name: 'scriptorium',
      options: undefined,
    });
  });

  it('[OPS35] may leave out what has a default, and name an IPv6 address or the directory of a socket', async () => {
    expect(await read('postgresql://')).toMatchObject({ host: 'localhost', port: 5432, database: undefined });
    expect(await read('postgres://[::1]:7/x')).toMatchObject({ host: '::1', port: 7 });
    expect(await read('postgres:///x?host=/var/run/postgresql')).toMatchObject({ host: '/var/run/postgresql' });
    expect(await read('postgres://h/x?application_name=a&options=-c%20search_path%3Dy')).toMatchObject({
      application_name: 'a',
      options: '-c search_path=y',
    });
  });

  it.each([
    ['not an address', 'the address of the database is not valid'],
    ['mysql://h/x', 'the address of the database is not valid'],
    ['postgres://ada:secret@h/x?sslmod=require', 'has a parameter sslmod'],
    ['postgres://ada:secret@h/x?sslmode=prefer', 'sslmode prefer is not known'],
    ['postgres://ada:secret@h/x?sslrootcert=/no/such/file', '/no/such/file cannot be read'],
  ])('[OPS35] %s is refused in words that hold no password', async (address, words) => {
    const error = await read(address).then(
      () => null,
      (reason: unknown) => String(reason),
    );
    expect(error).toContain(words);
    expect(error).not.toContain('secret');
  });
});
