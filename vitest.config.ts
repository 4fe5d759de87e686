import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const cores = Math.max(2, availableParallelism());

export default defineConfig({
  test: {
    // The runner (scripts/test.mjs) counts; a stage without tests is a mistake.
    passWithNoTests: false,
    maxWorkers: cores,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'shared/src/**/*.test.{ts,tsx}',
            'server/src/**/*.test.ts',
            'client/src/**/*.test.{ts,tsx}',
            'scripts/**/*.test.mjs',
          ],
          pool: 'threads',
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'services',
          include: ['server/test/**/*.test.ts'],
          exclude: ['server/test/simulation/**'],
          globalSetup: ['server/test/services/global-setup.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['server/test/simulation/*.test.ts'],
          // Each file keeps all processors busy by itself.
          fileParallelism: false,
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['e2e/chaos/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'attacks',
          include: ['e2e/attacks/**/*.test.ts'],
          pool: 'forks',
          // What an innocent client meets is measured.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/scenarios/**/*.test.ts'],
          pool: 'forks',
          // Servers, browsers and clients of one file want the machine for themselves.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
