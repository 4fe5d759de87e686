import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createAddressFailures } from './address-failures.ts';

test('[SOCK103] an address that fails more often than a minute allows is refused for a while, and no other', () => {
  const clock = createFakeClock();
  const failures = createAddressFailures(clock, 60);
  for (let count = 0; count < 500; count += 1) failures.note('192.0.2.1');
  expect([failures.blocked('192.0.2.1'), failures.blocked('192.0.2.2')]).toEqual([true, false]);
  clock.advance(1_000);
  expect(failures.blocked('192.0.2.1')).toBe(false);
  failures.note('192.0.2.1');
  expect(failures.blocked('192.0.2.1')).toBe(true);
});

test('[SOCK103] loopback is exempt, and a flood of addresses is forgotten from its oldest end', () => {
  const failures = createAddressFailures(createFakeClock(), 5);
  for (let count = 0; count < 50; count += 1) failures.note('127.0.0.1');
  expect(failures.blocked('127.0.0.1')).toBe(false);
  for (let count = 0; count < 6; count += 1) failures.note('oldest');
  expect(failures.blocked('oldest')).toBe(true);
  for (let count = 0; count < 10_000; count += 1) failures.note(`address ${count}`);
  expect(failures.blocked('oldest')).toBe(false);
});
