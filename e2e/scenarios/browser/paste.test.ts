import { describe, expect, it } from 'vitest';
import { hasChromium, waitForAgreement } from '../../support/browser.ts';
import { useBrowserStage } from '../../support/browser-stage.ts';
import { skipWithout } from '../../support/skip-without.ts';
import { waitUntil } from '../../support/wait-until.ts';

const LINES = 20_000;

/** As a spreadsheet puts cells into the clipboard, its own noise included. */
const CELLS = `<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">
<head><meta name=Generator content="Microsoft Excel 15"><style>td {mso-number-format:General;}</style></head>
<body><!--StartFragment--><table border=0 cellpadding=0 width=128 style='border-collapse:collapse'>
<col width=64 span=2 style='width:48pt'>
<tr height=20><td height=20 class=xl65 width=64>Item</td><td width=64>Price</td></tr>
<tr height=20><td height=20>Ink</td><td align=right x:num>12.5</td></tr></table><!--EndFragment--></body></html>`;

describe.skipIf(skipWithout('chromium', hasChromium()))('what is pasted', { timeout: 240_000 }, () => {
  const stage = useBrowserStage('paste');

  it('[APP59] a very long text says "Saving…" before the page stands still, and is laid out in one go', async () => {
    const page = await stage.openAs('Ada');
    await page.editor.click();
    const text = Array.from({ length: LINES }, (_, index) => `line ${index} of a text that is as long as prose is`);
    const blocksWhenSaid = page.editor.evaluate(async (editor) => {
      const word = window.document.querySelector('[data-testid="save-status"]');
      return new Promise<number>((resolve) => {
        const observer = new MutationObserver(() => {
          if (word?.textContent !== 'Saving…') return;
          observer.disconnect();
          resolve(editor.children.length);
        });
        observer.observe(word ?? window.document.body, { subtree: true, childList: true, characterData: true });
      });
    });
    await page.paste({ 'text/plain': text.join('\n') });
    expect(await blocksWhenSaid).toBe(1);
    await waitUntil(() => page.editor.evaluate((editor) => editor.children.length >= 20_000), {
      what: 'all lines are there',
      timeoutMs: 120_000,
    });
    await page.waitForState('saved', 120_000);
    // Left out of the layout one by one, blocks cost far more than they save.
    const visibility = await page.editor.evaluate((editor) => {
      return getComputedStyle(editor.children[9_000] ?? editor).getPropertyValue('content-visibility');
    });
    expect(visibility).toBe('visible');
  });

  it('[APP60] what is typed right behind a long paste comes after it', async () => {
    const page = await stage.openAs('Ada');
    await page.editor.click();
    const text = Array.from({ length: 2_000 }, (_, index) => `line ${index} of a text that is as long as prose is`);
    await page.paste({ 'text/plain': text.join('\n') });
    await page.page.keyboard.type(' and x');
    await waitUntil(async () => (await page.blocks()).length >= 2_000, { what: 'all lines', timeoutMs: 60_000 });
    expect((await page.blocks()).at(-1)).toBe(`${text.at(-1) ?? ''} and x`);
    await page.waitForState('saved', 60_000);
  });

  it('[APP66] Markdown becomes what it means, for everybody, and with Shift stays what it is', async () => {
    const [ada, lin] = [await stage.openAs('Ada'), await stage.openAs('Lin')];
    const markdown = '# Plan\n\nSome **strong** words.\n\n- [ ] water\n- [x] feed\n\n| a | b |\n|---|---|\n| 1 | 2 |';
    await ada.editor.click();
    await ada.paste({ 'text/plain': markdown });
    await waitForAgreement([ada, lin], (text) => text.includes('Plan') && text.includes('feed'));
    for (const page of [ada, lin]) {
      const html = await page.html();
      expect(html).toMatch(/<h1[^>]*>Plan<\/h1>/);
      expect(html).toContain('<strong>strong</strong>');
      expect(html).toMatch(/<li[^>]*data-checked="true"[^>]*>.*feed/);
      expect(html).toMatch(/<td[^>]*><p[^>]*>1<\/p><\/td><td[^>]*><p[^>]*>2<\/p><\/td>/);
    }
    await ada.page.keyboard.press('Control+End');
    await ada.page.keyboard.down('Shift');
    await ada.paste({ 'text/plain': '# Not a plan' });
    await ada.page.keyboard.up('Shift');
    await waitForAgreement([ada, lin], (text) => text.includes('# Not a plan'));
  });

  it('[APP66] cells of a spreadsheet become a table', async () => {
    const page = await stage.openAs('Ada');
    await page.editor.click();
    await page.paste({ 'text/html': CELLS, 'text/plain': 'Item\tPrice\nInk\t12.5' });
    await waitForAgreement([page], (text) => text.includes('12.5'));
    expect(await page.editor.locator('td').allTextContents()).toEqual(['Item', 'Price', 'Ink', '12.5']);
    expect(await page.editor.locator('style, meta').count()).toBe(0);
  });
});
