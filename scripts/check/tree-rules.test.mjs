import { describe, expect, it } from 'vitest';
import { findFileFaults } from './file-rules.mjs';
import { findLinkFaults } from './link-rules.mjs';
import { findPlaceFaults } from './place-rules.mjs';
import { findTestFaults } from './test-rules.mjs';

// Put together here, so that this file does not break the rules that it is about.
const SKIP = ['it', 'skip'].join('.');
const DISABLE = ['oxlint', 'disable-next-line'].join('-');
const REGISTRY = ['registry', 'npmjs', 'org'].join('.');
const HOME = ['', 'home', 'ada', 'notes'].join('/');

describe('the rules about the tree', () => {
  it('[OPS90] a file over 300 lines is a fault, one of 300 is none', () => {
    expect(findFileFaults({ path: 'a.ts', text: 'x;\n'.repeat(300) })).toEqual([]);
    expect(findFileFaults({ path: 'a.ts', text: 'x;\n'.repeat(301) })).toHaveLength(1);
  });

  it('[OPS90] index files and names that say nothing are faults', () => {
    expect(findFileFaults({ path: 'server/src/index.ts', text: '' })).toHaveLength(1);
    expect(findFileFaults({ path: 'server/src/room-manager.ts', text: '' })).toHaveLength(1);
    expect(findFileFaults({ path: 'server/src/utils/clock.ts', text: '' })).toHaveLength(1);
    expect(findFileFaults({ path: 'server/src/core/database-row.ts', text: '' })).toEqual([]);
  });

  it('[OPS90] a suppressed lint rule needs a reason', () => {
    expect(findFileFaults({ path: 'a.ts', text: `// ${DISABLE} no-console\n` })).toHaveLength(1);
    expect(findFileFaults({ path: 'a.ts', text: `// ${DISABLE} no-console -- the command line prints\n` })).toEqual([]);
  });

  it('[OPS91] a silenced test is a fault, a conditional one is not', () => {
    const spec = { path: 'SPEC.md', text: 'LOG3' };
    const check = (/** @type {string} */ text) => findTestFaults([spec, { path: 'a.test.ts', text }]);
    expect(check(`  ${SKIP}('[LOG3] append is atomic', () => {});\n`)).toHaveLength(1);
    expect(check(`describe.${'only'}('rows', () => {});\n`)).toHaveLength(1);
    expect(check(`describe.skipIf(process.platform === 'win32')('rows', () => {});\n`)).toEqual([]);
  });

  it('[OPS91] a test names its rule, and SPEC.md has it', () => {
    const check = (/** @type {string} */ title) =>
      findTestFaults([
        { path: 'SPEC.md', text: 'LOG3: append is atomic' },
        { path: 'a.test.ts', text: `it('${title}', () => {});\n` },
      ]);
    expect(check('[LOG3] append is atomic')).toEqual([]);
    expect(check('append is atomic')).toHaveLength(1);
    expect(check('[LOG33] append is atomic')).toHaveLength(1);
  });

  it('[OPS91] the rule may stand on the group around a test', () => {
    const check = (/** @type {string} */ text) =>
      findTestFaults([
        { path: 'SPEC.md', text: 'LOG3: append is atomic' },
        { path: 'a.test.ts', text },
      ]);
    expect(check(`describe('[LOG3] append', () => {\n  it('is atomic', () => {});\n});\n`)).toEqual([]);
    expect(check(`describe('[LOG3] append', () => {});\nit('is atomic', () => {});\n`)).toHaveLength(1);
  });

  it('[OPS92] a path of a machine, a registry and a fetch address in a lockfile are faults', () => {
    const check = (/** @type {string} */ path, /** @type {string} */ text) =>
      findPlaceFaults({ root: '/srv/checkout', files: [{ path, text }] });
    expect(check('a.md', 'see /srv/checkout/server')).toHaveLength(1);
    expect(check('a.md', `see ${HOME}/x`)).toHaveLength(1);
    expect(check('a.md', `from ${REGISTRY}`)).toHaveLength(1);
    expect(check('pnpm-lock.yaml', 'tarball: https://packages.example/x.tgz')).toHaveLength(1);
    expect(check('a.md', 'https://example.org/home/page and /var/lib/scriptorium')).toEqual([]);
  });

  it('[OPS93] a relative link leads to a file, and its fragment to a heading', () => {
    const check = (/** @type {string} */ link) =>
      findLinkFaults(
        [
          { path: 'docs/a.md', text: `[x](${link})` },
          { path: 'SPEC.md', text: '# Rules\n\n## The log, and `seq`\n' },
        ],
        (path) => path === 'SPEC.md' || path === 'docs/a.md',
      );
    expect(check('../SPEC.md')).toEqual([]);
    expect(check('../SPEC.md#the-log-and-seq')).toEqual([]);
    expect(check('https://example.org/nowhere')).toEqual([]);
    expect(check('SPEC.md')).toHaveLength(1);
    expect(check('../SPEC.md#the-rows')).toHaveLength(1);
  });
});
