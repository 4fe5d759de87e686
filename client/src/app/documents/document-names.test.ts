import { describe, expect, it } from 'vitest';
import { chooseNewName, isDocumentName, suggestDocumentName } from './document-names.ts';

describe('document names', () => {
  it.for([
    ['Meeting notes', 'Meeting-notes'],
    ['  Ada’s plan (draft 2)  ', 'Adas-plan-draft-2'],
    ['Über Äpfel', 'Uber-Apfel'],
    ['notes/2026/ week 47 ', 'notes/2026/week-47'],
    ['//a//b/', 'a/b'],
    ['.hidden', 'hidden'],
    ['日本語', ''],
    ['x'.repeat(200), 'x'.repeat(128)],
    ['v1.2_final~x', 'v1.2_final~x'],
  ] as const)('[APP5] "%s" becomes "%s"', ([typed, name]) => {
    expect(suggestDocumentName(typed)).toBe(name);
    if (name !== '') expect(isDocumentName(name)).toBe(true);
  });

  it('[APP6] a new document gets the first free name', () => {
    expect(chooseNewName(new Set())).toBe('untitled');
    expect(chooseNewName(new Set(['untitled', 'untitled-2', 'untitled-4']))).toBe('untitled-3');
  });
});
