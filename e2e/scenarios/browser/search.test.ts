import { describe, expect, it } from 'vitest';
import { type EditorPage, hasChromium } from '../../support/browser.ts';
import { useBrowserStage } from '../../support/browser-stage.ts';
import { skipWithout } from '../../support/skip-without.ts';
import { waitUntil } from '../../support/wait-until.ts';

const FILLER = Array.from({ length: 40 }, (_, at) => `line ${at} of an ordinary text`);

/** A word that nobody writes by chance. */
function rareWord(): string {
  return `zephyr${Math.random()
    .toString(36)
    .replaceAll(/[^a-z]/g, '')}`;
}

const palette = ({ page }: EditorPage) => page.getByTestId('search-palette');
const hits = ({ page }: EditorPage) => page.getByTestId('search-hit');

/** Types into the search until it has found something; what was just written may take a moment. */
async function searchFor(person: EditorPage, text: string): Promise<void> {
  const query = person.page.getByTestId('search-query');
  await waitUntil(
    async () => {
      await query.fill('');
      await query.fill(text);
      try {
        await person.page.locator('[data-testid="search-hit"] mark').first().waitFor({ timeout: 3_000 });
        return true;
      } catch {
        return false;
      }
    },
    { what: `${text} is found`, timeoutMs: 60_000 },
  );
}

describe.skipIf(skipWithout('chromium', hasChromium()))('the search in the app', { timeout: 180_000 }, () => {
  const stage = useBrowserStage('search');

  it('[APP80] what one writes the other finds, jumps to, and sees marked', async () => {
    const ada = await stage.openAs('Ada');
    const lin = await stage.enterAs('Lin');
    const word = rareWord();
    await ada.editor.click();
    await ada.paste({ 'text/plain': FILLER.join('\n\n') });
    await ada.page.keyboard.type(`\n# Weather\nBehind the ${word} it rains\n`);
    await ada.waitForState('saved');

    await lin.page.keyboard.press('Control+k');
    await palette(lin).waitFor();
    await searchFor(lin, word.slice(0, -2));
    const mark = hits(lin).first().locator('mark');
    expect(await mark.textContent()).toBe(word);
    expect(await hits(lin).first().locator('.palette-path').textContent()).toBe('Weather');
    await lin.screenshot('search-found');
    await lin.page.keyboard.press('Enter');

    await lin.page.waitForURL(`**/d/${stage.document}`);
    const block = lin.page.locator('.found-block');
    await block.waitFor();
    expect(await block.textContent()).toContain(`Behind the ${word} it rains`);
    expect(await lin.page.locator('.found-word').textContent()).toBe(word);
    await waitUntil(() => isInView(lin), { what: 'the block is in view', timeoutMs: 10_000 });
    await lin.screenshot('search-jumped');
    await lin.waitForAnnouncement(new RegExp(word));
    // Who came by keyboard goes on there.
    await lin.waitForState('saved');
    await lin.page.keyboard.type('x');
    await waitUntil(async () => (await ada.blocks()).some((text) => text.includes(`x${word}`)), {
      what: 'the caret is at what was found',
    });
  });

  it('[APP81] within the open document one gets to the block, and back to where one was by Escape', async () => {
    const ada = await stage.openAs('Ada');
    const word = rareWord();
    await ada.editor.click();
    await ada.paste({ 'text/plain': [`first ${word}`, ...FILLER].join('\n\n') });
    await ada.waitForState('saved');
    await ada.page.keyboard.press('Control+k');
    await palette(ada).waitFor();
    await ada.page.keyboard.press('Escape');
    await palette(ada).waitFor({ state: 'detached' });
    expect(await ada.editor.evaluate((editor) => editor.contains(document.activeElement))).toBe(true);
    await ada.page.getByTestId('open-search').click();
    await searchFor(ada, word);
    await hits(ada).first().click();
    await ada.page.locator('.found-block').waitFor();
    expect(await ada.page.locator('.found-block').textContent()).toContain(word);
  });

  it('[APP82] with text selected the keys make a link; without, they search', async () => {
    const ada = await stage.openAs('Ada');
    await ada.editor.click();
    await ada.page.keyboard.type('linked');
    await ada.page.keyboard.press('Shift+Home');
    await ada.page.keyboard.press('Control+k');
    await ada.page.getByRole('dialog', { name: /link/i }).waitFor();
    expect(await palette(ada).count()).toBe(0);
    await ada.page.keyboard.press('Escape');
    await ada.page.keyboard.press('End');
    await ada.page.keyboard.press('Control+k');
    await palette(ada).waitFor();
  });

  it('[APP83] says what is the matter: nothing found, and no answer', async () => {
    const ada = await stage.enterAs('Ada', { viewport: { width: 390, height: 740 }, colorScheme: 'dark' });
    await ada.page.getByTestId('open-search').click();
    await palette(ada).waitFor();
    await ada.screenshot('search-begin-phone-dark');
    await ada.page.getByTestId('search-query').fill('qqqqqqqqqqqqqqqqq');
    await ada.page.getByTestId('search-nothing').waitFor();
    await ada.screenshot('search-nothing-phone-dark');
    expect(await ada.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const problem = { type: 'about:blank', title: 'away', status: 503, code: 'search-unavailable' };
    await ada.page.route('**/v1/search', (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    );
    await ada.page.getByTestId('search-query').fill('anything');
    await ada.page.getByTestId('search-failed').waitFor();
    await ada.screenshot('search-failed-phone-dark');
    await ada.page.unroute('**/v1/search');
    await ada.page.getByRole('button', { name: 'Try again' }).click();
    await ada.page.getByTestId('search-failed').waitFor({ state: 'detached' });
  });
});

function isInView({ page }: EditorPage): Promise<boolean> {
  return page.locator('.found-block').evaluate((block) => {
    const { top, bottom } = block.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
}
