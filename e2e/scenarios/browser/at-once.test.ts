import { describe, expect, it } from 'vitest';
import { type EditorPage, hasChromium, waitForAgreement } from '../../support/browser.ts';
import { useBrowserStage } from '../../support/browser-stage.ts';
import { skipWithout } from '../../support/skip-without.ts';
import { waitUntil } from '../../support/wait-until.ts';

describe.skipIf(skipWithout('chromium', hasChromium()))('two people at one place', { timeout: 180_000 }, () => {
  const stage = useBrowserStage('at-once');

  async function openBoth(): Promise<readonly [EditorPage, EditorPage]> {
    return [await stage.openAs('Ada'), await stage.openAs('Lin')];
  }

  it('[APP57] begin in the same empty block in the same moment, and every letter is there once, in its word', async () => {
    const [ada, lin] = await openBoth();
    await ada.editor.click();
    await ada.page.keyboard.type('top');
    for (let round = 1; round <= 8; round += 1) {
      await ada.page.keyboard.press('Control+End');
      await ada.page.keyboard.press('Enter');
      await waitForAgreement([ada, lin], (text) => text.split('\n').length === round + 1);
      await Promise.all([ada.placeCaret(round), lin.placeCaret(round)]);
      await Promise.all([
        ada.page.keyboard.type('hello', { delay: 12 }),
        lin.page.keyboard.type('WORLD', { delay: 12 }),
      ]);
      const blocks = await waitForAgreement([ada, lin], (text) => text.split('\n')[round]?.length === 10);
      expect(['helloWORLD', 'WORLDhello']).toContain(blocks[round]);
    }
  });

  it('[APP58] undo takes back what one wrote oneself, and no block that a colleague has written in', async () => {
    const [ada, lin] = await openBoth();
    await ada.editor.click();
    await ada.page.keyboard.type('before');
    await ada.page.keyboard.press('Enter');
    await ada.waitForState('saved');
    // What is typed after a pause is taken back on its own.
    await ada.page.waitForTimeout(700);
    await ada.page.keyboard.type('## mine ');
    await waitForAgreement([ada, lin], (text) => text.includes('mine '));
    await lin.placeCaret(1);
    await lin.type('theirs');
    await waitForAgreement([ada, lin], (text) => text.includes('mine theirs'));
    await ada.page.keyboard.press('Control+z');
    const blocks = await waitForAgreement([ada, lin], (text) => !text.includes('mine'));
    expect(blocks.join('\n')).toContain('theirs');
    expect(blocks[0]).toBe('before');
    await ada.page.keyboard.press('Control+Shift+z');
    await waitForAgreement([ada, lin], (text) => text.includes('mine') && text.includes('theirs'));
  });

  it('[APP22] a row and a column that meet leave a table that nobody changes but by hand', async () => {
    const [ada, lin] = await openBoth();
    await ada.editor.click();
    await ada.paste({ 'text/plain': '| a | b |\n|---|---|\n| 1 | 2 |' });
    await waitForAgreement([ada, lin], (text) => text.includes('2'));
    const countCells = async (page: EditorPage): Promise<string> =>
      (await page.editor.locator('tr').evaluateAll((rows) => rows.map((row) => row.children.length))).join(' ');
    const act = async (page: EditorPage, action: string): Promise<void> => {
      await page.editor.locator('td').first().click();
      await page.page.getByRole('button', { name: 'Table', exact: true }).click();
      await page.page.getByRole('menuitem', { name: action }).click();
    };
    const waitForCells = async (cells: string): Promise<void> => {
      let seen: readonly string[] = [];
      await waitUntil(
        async () => {
          seen = [await countCells(ada), await countCells(lin)];
          return seen.every((count) => count === cells);
        },
        { what: `both have rows of ${cells} cells`, timeoutMs: 30_000, seen: () => seen.join(' | ') },
      );
    };
    await ada.waitForState('saved');
    await ada.page.context().setOffline(true);
    await act(ada, 'Row below');
    await act(lin, 'Column to the right');
    await ada.page.context().setOffline(false);
    await waitForCells('3 3 2');
    // Editors that answer each other need no more than this to double it.
    await ada.page.waitForTimeout(1_500);
    await waitForCells('3 3 2');
    await act(lin, 'Even out the rows');
    await waitForCells('3 3 3');
    await ada.waitForState('saved', 30_000);
  });

  it('[APP64] what one reads stays where it is while others write above it', async () => {
    const [ada, lin] = await openBoth();
    await ada.editor.click();
    await ada.paste({ 'text/plain': Array.from({ length: 200 }, (_, index) => `line ${index}`).join('\n') });
    await waitForAgreement([ada, lin], (text) => text.includes('line 199'));
    const place = (): Promise<{ readonly top: number; readonly scrolled: number }> =>
      lin.editor.evaluate((editor) => {
        const line = [...editor.children].find(({ textContent }) => textContent === 'line 100');
        return { top: Math.round(line?.getBoundingClientRect().top ?? NaN), scrolled: Math.round(window.scrollY) };
      });
    // Not every browser holds on to what is seen by itself.
    await lin.page.addStyleTag({ content: '* { overflow-anchor: none !important; }' });
    await lin.editor.evaluate((editor) => editor.children[98]?.scrollIntoView({ block: 'start' }));
    await lin.page.waitForTimeout(300);
    const before = await place();
    await ada.page.keyboard.press('Control+Home');
    for (const text of ['one', 'two', 'three', 'four', 'five']) {
      await ada.page.keyboard.type(text);
      await ada.page.keyboard.press('Enter');
    }
    await waitForAgreement([ada, lin], (text) => text.includes('five\nline 0'));
    await waitUntil(async () => (await place()).scrolled > before.scrolled + 50, { what: 'the page gives way' });
    expect(Math.abs((await place()).top - before.top)).toBeLessThanOrEqual(2);
  });

  it('[APP67] a bold that is switched on stays on while somebody else types', async () => {
    const [ada, lin] = await openBoth();
    await ada.editor.click();
    await ada.page.keyboard.type('one');
    await ada.page.keyboard.press('Enter');
    await ada.page.keyboard.type('two ');
    await waitForAgreement([ada, lin], (text) => text.includes('two'));
    await ada.page.keyboard.press('Control+b');
    await lin.placeCaret(0);
    await lin.type(' and more');
    await waitForAgreement([ada, lin], (text) => text.includes('one and more'));
    await ada.page.keyboard.type('bold');
    await waitForAgreement([ada, lin], (text) => text.includes('two bold'));
    expect(await ada.editor.locator('strong').allTextContents()).toEqual(['bold']);
  });

  it('[APP70] a caret that was just placed stays there, though somebody else writes in that moment', async () => {
    const ada = await stage.openAs('Ada');
    await ada.editor.click();
    await ada.page.keyboard.type('one\ntwo\nthree');
    const lin = await stage.enterAs('Lin');
    await lin.page.addInitScript(holdSelectionNews);
    await lin.open(stage.site.url, stage.document);
    await waitForAgreement([ada, lin], (text) => text.includes('three'));
    await lin.placeCaret(0);
    await lin.type('!');
    await waitForAgreement([ada, lin], (text) => text.startsWith('one!'));
    // On a busy machine the browser tells late where the caret is.
    await lin.page.evaluate(() => Reflect.set(window, 'holdsNews', true));
    await lin.placeCaret(2);
    await ada.placeCaret(1);
    await ada.type(' more');
    await waitForAgreement([ada, lin], (text) => text.includes('two more'));
    await lin.page.evaluate(() => Reflect.set(window, 'holdsNews', false));
    await lin.type('?');
    const blocks = await waitForAgreement([ada, lin], (text) => text.includes('?'));
    expect(blocks).toEqual(['one!', 'two more', 'three?']);
    // The same for one's own keys in a row.
    await lin.page.evaluate(() => Reflect.set(window, 'holdsNews', true));
    await lin.page.keyboard.press('Control+Home');
    await lin.page.keyboard.press('End');
    await lin.page.keyboard.press('Enter');
    await lin.page.evaluate(() => Reflect.set(window, 'holdsNews', false));
    await waitForAgreement([ada, lin], (text) => text === 'one!\n\ntwo more\nthree?');
  });

  it('[APP70] nor does it move when carets of others are drawn late', async () => {
    const ada = await stage.openAs('Ada');
    await ada.editor.click();
    await ada.page.keyboard.type('one\ntwo\nthree');
    const lin = await stage.enterAs('Lin');
    await lin.page.addInitScript(holdSelectionNews);
    await lin.page.addInitScript(holdShortTimers);
    await lin.open(stage.site.url, stage.document);
    await waitForAgreement([ada, lin], (text) => text.includes('three'));
    await lin.placeCaret(0);
    await lin.type('!');
    await waitForAgreement([ada, lin], (text) => text.startsWith('one!'));
    const bar = lin.editor.locator('[class*="collaboration-carets__caret"]');
    const block = (): Promise<number> =>
      bar.evaluate((caret) =>
        [...(caret.closest('.ProseMirror')?.children ?? [])].indexOf(caret.parentElement ?? caret),
      );
    await lin.page.evaluate(() => Reflect.set(window, 'holdsTimers', true));
    await ada.placeCaret(1);
    await waitUntil(() => lin.page.evaluate(() => Reflect.get(window, 'heldTimers') > 0), {
      what: 'word of the moved caret is there, and not drawn',
    });
    await lin.page.evaluate(() => Reflect.set(window, 'holdsNews', true));
    // No key after it, which would have the caret read.
    await lin.editor.locator(':scope > *').nth(2).click();
    await lin.page.evaluate(() => {
      Reflect.set(window, 'holdsTimers', false);
      dispatchEvent(new Event('timers-released'));
    });
    await waitUntil(async () => (await block()) === 1, { what: 'the moved caret is drawn', timeoutMs: 10_000 });
    await lin.page.evaluate(() => Reflect.set(window, 'holdsNews', false));
    await lin.type('?');
    const blocks = await waitForAgreement([ada, lin], (text) => text.includes('?'));
    expect(blocks).toEqual(['one!', 'two', 'three?']);
  });
});

/** Runs in the page: keeps what is due at once back while `holdsTimers` is set, and counts it in `heldTimers`. */
function holdShortTimers(): void {
  const start = window.setTimeout.bind(window);
  let held = 0;
  const slow = (work: TimerHandler, after?: number, ...rest: unknown[]): number => {
    if ((after ?? 0) > 1 || Reflect.get(window, 'holdsTimers') !== true) return start(work, after, ...rest);
    held += 1;
    Reflect.set(window, 'heldTimers', held);
    addEventListener('timers-released', () => start(work, after, ...rest), { once: true });
    return 0;
  };
  Reflect.set(window, 'setTimeout', slow);
}

/** Runs in the page: keeps the browser's own word of a new selection back while `holdsNews` is set. */
function holdSelectionNews(): void {
  const hold = (event: Event): void => {
    if (event.isTrusted && Reflect.get(window, 'holdsNews') === true) event.stopImmediatePropagation();
  };
  document.addEventListener('selectionchange', hold, true);
}
