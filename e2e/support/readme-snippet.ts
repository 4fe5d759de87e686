/** Returns the first fenced JavaScript or TypeScript block below the first heading that contains the given words. */
export function extractSnippet(markdown: string, words: string): string {
  const lines = markdown.split('\n');
  const heading = lines.findIndex((line) => /^#{1,6} /.test(line) && line.toLowerCase().includes(words.toLowerCase()));
  if (heading === -1) throw new Error(`no heading contains "${words}"`);
  const rest = lines.slice(heading + 1);
  const begin = rest.findIndex((line) => /^```(?:js|mjs|javascript|ts|typescript)\b/.test(line));
  const nextHeading = rest.findIndex((line) => /^#{1,6} /.test(line));
  if (begin === -1 || (nextHeading !== -1 && nextHeading < begin)) throw new Error(`no code below "${words}"`);
  const length = rest.slice(begin + 1).findIndex((line) => line.startsWith('```'));
  return rest.slice(begin + 1, begin + 1 + length).join('\n');
}

/** Packages that a snippet imports. */
export function importedPackages(snippet: string): readonly string[] {
  const specifiers = [...snippet.matchAll(/(?:from|import\(?)\s*['"]([^'"]+)['"]/g)].map(
    ([, specifier = '']) => specifier,
  );
  return [...new Set(specifiers.filter((specifier) => !specifier.startsWith('node:')))];
}
