import { describe, expect, it } from 'vitest';
import { describeWarning, Warnings } from './warnings.ts';

const LARGE = { code: 'document-large', title: 'The document is close to its largest size.', size: 83, limit: 100 };

describe('warnings', () => {
  it('[APP260] one of a kind is shown, as it was told last', () => {
    const warnings = new Warnings();
    warnings.note(LARGE);
    warnings.note({ code: 'another', title: 'Another.' });
    warnings.note({ ...LARGE, size: 90 });
    expect(warnings.shown.value).toEqual([
      { ...LARGE, size: 90 },
      { code: 'another', title: 'Another.' },
    ]);
  });

  it('[APP260] one that was closed stays closed when the server says it again', () => {
    const warnings = new Warnings();
    warnings.note(LARGE);
    warnings.note({ code: 'another', title: 'Another.' });
    warnings.dismiss('document-large');
    warnings.note({ ...LARGE, size: 95 });
    expect(warnings.shown.value.map(({ code }) => code)).toEqual(['another']);
  });

  it('[APP260] it says how full the document is, where it is known, and what follows', () => {
    expect(describeWarning(LARGE)).toContain('nearly full (83 %)');
    expect(describeWarning({ ...LARGE, size: 130 })).toContain('(100 %)');
    expect(describeWarning({ code: 'document-large', title: '' })).toContain('nearly full.');
    expect(describeWarning({ code: 'unheard-of', title: 'In the words of the server.' })).toBe(
      'In the words of the server.',
    );
  });
});
