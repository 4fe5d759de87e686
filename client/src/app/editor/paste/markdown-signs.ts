/** Characters from which on a text is pasted as it stands: reading it would take too long. */
const MOST = 500_000;

/** Signs that hardly anybody writes for another reason. */
const CLEAR_SIGNS: readonly RegExp[] = [
  // A heading with space around it; without, it may be a comment in a program.
  /(?:^|\n[ \t]*\n)#{1,6}[ \t]+\S[^\n]*(?=\n[ \t]*\n|\n?$)/,
  // A fence that is closed again.
  /^(`{3,}|~{3,})[^\n]*\n[^]*?^\1/m,
  // The line below the head of a table.
  /^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*\|[ \t:|-]*$/m,
  // A task.
  /^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+\S/m,
  // A link, or an image.
  /\[[^\]\n]+\]\((?:https?:|mailto:|\/|#)[^)\s]*\)/,
  // Strong words.
  /(?:^|[\s(])\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*(?=$|[\s).,:;!?])/m,
];

const LIST_LINE = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S/;
const QUOTE_LINE = /^>[ \t]?\S/;

/** Whether a text that was copied is meant as Markdown. When in doubt it is not: what it holds is then seen as it is. */
export function looksLikeMarkdown(text: string): boolean {
  if (text.length > MOST) return false;
  const lines = text.replace(/\r\n?/g, '\n');
  if (CLEAR_SIGNS.some((sign) => sign.test(lines))) return true;
  return isMostly(lines, LIST_LINE) || isMostly(lines, QUOTE_LINE);
}

/** Whether at least two lines look so, and at least half of those that are not empty. */
function isMostly(text: string, sign: RegExp): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const like = lines.filter((line) => sign.test(line)).length;
  return like >= 2 && like * 2 >= lines.length;
}
