import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { ScriptoriumError } from '../../core/errors.ts';
import { endsConnection, isUnsupportedSetting, sqlStateOf, toPortError } from './postgres-failures.ts';

function serverError(code: string, message = 'as the server says'): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code, detail: 'Key (user)=(ada)' });
}

describe('failures of PostgreSQL', () => {
  it.each([
    ['08006', 'connection failure'],
    ['25006', 'read-only transaction, as on a standby'],
    ['28P01', 'invalid password'],
    ['3D000', 'no such database'],
    ['40001', 'serialization failure'],
    ['40P01', 'deadlock'],
    ['42501', 'insufficient privilege'],
    ['42P01', 'no such table'],
    ['53100', 'disk full'],
    ['53300', 'too many connections'],
    ['55P03', 'lock not available'],
    ['57014', 'query canceled'],
    ['57P01', 'admin shutdown'],
    ['58030', 'input or output error'],
  ])('[LOG19] %s (%s) is retryable', (code) => {
    const error = toPortError(serverError(code));
    expect(error.code).toBe('storage-unavailable');
    expect(error.definition.retryable).toBe(true);
    expect(sqlStateOf(error)).toBe(code);
  });

  it.each([
    ['22021', 'a character that cannot be stored'],
    ['23505', 'unique violation'],
    ['23514', 'check violation'],
    ['54000', 'program limit exceeded'],
    ['P0001', 'raised by a trigger'],
    ['XX001', 'data corrupted'],
  ])('[LOG19] %s (%s) is about what was to be stored', (code) => {
    const error = toPortError(serverError(code));
    expect(error.code).toBe('internal');
    expect(sqlStateOf(error)).toBe(code);
    expect(endsConnection(serverError(code))).toBe(false);
  });

  it('[LOG19] what the network says is retryable, and a mistake of our own is none of the store', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    for (const error of [reset, new Error('Connection terminated unexpectedly'), 'thrown text']) {
      expect(toPortError(error).code).toBe('storage-unavailable');
      expect(endsConnection(error)).toBe(true);
      expect(sqlStateOf(toPortError(error))).toBeNull();
    }
    expect(toPortError(new TypeError('x is not a function')).code).toBe('internal');
    const own = new ScriptoriumError('bad-request');
    expect(toPortError(own)).toBe(own);
  });

  it('[LOG19] the details of an error, which quote what was to be stored, go no further', () => {
    const { cause } = toPortError(serverError('23505'));
    expect(cause).toMatchObject({ code: '23505', message: 'as the server says' });
    expect(JSON.stringify(cause)).not.toContain('ada');
  });

  it('[LOG19] a connection to a server that stops, or is no primary any more, is not used again', () => {
    for (const code of ['08006', '25006', '57P01', '57P02', '57P03']) {
      expect(endsConnection(serverError(code))).toBe(true);
    }
    for (const code of ['40P01', '53100', '55P03', '57014']) expect(endsConnection(serverError(code))).toBe(false);
  });

  it('[LOG19] a pooler that refuses settings is told from other failures to connect', () => {
    expect(isUnsupportedSetting(serverError('08P01', 'unsupported startup parameter: statement_timeout'))).toBe(true);
    expect(isUnsupportedSetting(serverError('08P01', 'no such user'))).toBe(false);
    expect(isUnsupportedSetting(new Error('unsupported startup parameter'))).toBe(false);
  });
});
