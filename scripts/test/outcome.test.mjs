import { expect, it } from 'vitest';
import { countReport, formatCounts } from './outcome.mjs';

const report = (/** @type {string[]} */ ...statuses) => ({
  testResults: [{ assertionResults: statuses.map((status, index) => ({ status, fullName: `test ${index}` })) }],
});

it('[OPS94] the closing line counts tests in a form that scripts can read', () => {
  expect(formatCounts(countReport(report('passed', 'passed'), 0))).toBe('2 passed, 0 failed');
  expect(formatCounts(countReport(report('passed', 'failed', 'pending'), 1))).toBe('1 passed, 1 failed, 1 skipped');
});

it('[OPS94] a stage that ends badly without a failed test counts as a failure', () => {
  expect(countReport(report('passed'), 1).failed).toBe(1);
  expect(countReport(null, 0).failed).toBe(1);
  expect(countReport(report('passed', 'failed'), 1).failed).toBe(1);
});
