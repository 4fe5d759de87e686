import { describe, expect, it } from 'vitest';
import { type EditorPage, hasChromium, waitForAgreement } from '../../support/browser.ts';
import { useBrowserStage } from '../../support/browser-stage.ts';
import { skipWithout } from '../../support/skip-without.ts';
import { waitUntil } from '../../support/wait-until.ts';

const LONG_NAME = 'Bartholomäus-Maximilian von und zu Hohenlohe-Langenburg';

describe.skipIf(skipWithout('chromium', hasChromium()))('finding one’s way', { timeout: 120_000 }, () => {
  const stage = useBrowserStage('way');

  it('[APP61] an old name leads to the new one: address, title and heading', async () => {
    const [old, name] = [stage.document, `${stage.document}-renamed`];
    await stage.rest('/v1/documents', { method: 'POST', body: { name: old } });
    await stage.rest(`/v1/documents/${old}`, { method: 'PATCH', body: { name } });
    const page = await stage.enterAs('Ada');
    await page.page.goto(`${stage.site.url}/d/${old}`);
    await page.page.waitForURL(`**/d/${name}`);
    await page.editor.waitFor();
    await waitUntil(async () => (await page.page.title()).startsWith(`${name} `), { what: 'the title follows' });
    expect(await page.page.getByTestId('title').textContent()).toBe(name);
    await page.waitForState('saved');
  });

  it('[APP62] where nothing is, the app says so, with 404, also to somebody who is not signed in', async () => {
    const page = await stage.enterAs('Ada');
    const stranger = await (await stage.browser.newContext()).newPage();
    for (const visitor of [page.page, stranger]) {
      const response = await visitor.goto(`${stage.site.url}/nothing/here`);
      expect(response?.status()).toBe(404);
      await visitor.getByRole('heading', { name: 'Nothing here' }).waitFor();
      await visitor.getByRole('link', { name: 'All documents' }).waitFor();
    }
    await page.page.getByRole('link', { name: 'All documents' }).click();
    await page.page.getByTestId('document-list').waitFor();
    await page.waitForAnnouncement(/^Documents/);
    await stranger.context().close();
  });

  it('[APP63] Markdown marks inside lists do what they say', async () => {
    const page = await stage.openAs('Ada');
    await page.editor.click();
    await page.page.keyboard.type('- one\n- two\n- [ ] three\n[x] four\n\n\n1. a\n2. b');
    await waitForAgreement([page], (text) => text.includes('b'));
    const lists = await page.editor.locator('ul, ol').evaluateAll((found) =>
      found.map((list) => {
        const items = [...list.children].map((item) => {
          const checked = (item as HTMLElement).dataset['checked'];
          return `${checked === undefined ? '' : `${checked} `}${item.querySelector('p')?.textContent ?? ''}`;
        });
        return `${(list as HTMLElement).dataset['type'] ?? list.localName}: ${items.join(', ')}`;
      }),
    );
    expect(lists).toEqual(['ul: one, two', 'taskList: false three, true four', 'ol: a, b']);
  });

  it('[APP65] who is here can be reached by keyboard, and one goes on where they are', async () => {
    const [ada, lin] = [await stage.openAs('Ada'), await stage.openAs('Lin')];
    await ada.editor.click();
    await ada.page.keyboard.type('first\nsecond\nthird');
    await waitForAgreement([ada, lin], (text) => text.includes('third'));
    await lin.placeCaret(0);
    await ada.waitForAnnouncement(/Lin joined|Here with you: Lin/);
    await waitUntil(async () => (await ada.caretNames()).includes('Lin'), { what: 'the caret of Lin' });
    await ada.page.keyboard.press('Alt+F9');
    const goTo = ada.page.getByRole('button', { name: 'Go to Lin' });
    await goTo.waitFor();
    await ada.page.keyboard.press('Tab');
    await waitUntil(() => goTo.evaluate((button) => button === window.document.activeElement), {
      what: 'the button has the focus',
    });
    await ada.page.keyboard.press('Enter');
    await ada.page.keyboard.type('!');
    await waitForAgreement([ada, lin], (text) => text.startsWith('first!\nsecond'));
    await ada.waitForAnnouncement(/Lin is in this paragraph/);
  });

  it('[APP65] the formatting can be reached by keyboard, and left again', async () => {
    const page = await stage.openAs('Ada');
    await page.editor.click();
    await page.page.keyboard.press('Alt+F10');
    await focusIs(page, /^Undo/);
    await page.page.keyboard.press('ArrowLeft');
    await focusIs(page, /^Divider/);
    await page.page.keyboard.press('Escape');
    await page.page.keyboard.type('back');
    await waitForAgreement([page], (text) => text === 'back');
  });

  it('[APP68] it is read out that changes are not kept yet, and that they are', async () => {
    const page = await stage.enterAs('Ada');
    await page.page.addInitScript(failWritesWhileAsked);
    await page.open(stage.site.url, stage.document);
    await page.editor.click();
    await page.page.keyboard.type('x');
    await page.waitForState('saved');
    await page.page.evaluate(() => Reflect.set(window, 'writesFail', true));
    await page.page.context().setOffline(true);
    await page.type('written offline');
    await page.waitForAnnouncement(/not kept yet/);
    await page.page.evaluate(() => Reflect.set(window, 'writesFail', false));
    await page.waitForAnnouncement(/\d+ changes kept on this device/);
    await page.page.context().setOffline(false);
    await page.waitForAnnouncement(/^Saved$/);
  });

  it('[APP69] on a phone everything can be hit, and nothing sticks out, however long names and words are', async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const page = await stage.openAs(LONG_NAME, phone);
    const other = await stage.openAs(`${LONG_NAME} 2`, phone);
    await page.editor.tap();
    await page.page.keyboard.type(`${'word'.repeat(40)}\nשלום עולם`);
    await waitForAgreement([page, other], (text) => text.includes('עולם'));
    await other.placeCaret(1);
    await waitUntil(async () => (await page.caretNames()).length > 0, { what: 'the other caret' });
    expect(await listTooSmall(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(
      await page.editor
        .locator('p')
        .nth(1)
        .evaluate((line) => getComputedStyle(line).direction),
    ).toBe('rtl');
    await page.screenshot('phone-long-names');
    await page.page.goto(stage.site.url);
    await page.page.locator('.document-link').first().waitFor();
    expect(await listTooSmall(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });

  it('[APP69] a list follows the direction of what is in it', async () => {
    const page = await stage.openAs('Ada');
    await page.editor.click();
    await page.page.keyboard.type('- שלום\nעולם');
    await waitForAgreement([page], (text) => text.includes('עולם'));
    expect(await page.editor.locator('ul').evaluate((list) => getComputedStyle(list).direction)).toBe('rtl');
  });
});

async function focusIs(page: EditorPage, label: RegExp): Promise<void> {
  let seen = '';
  await waitUntil(
    async () => {
      seen = await page.page.evaluate(() => window.document.activeElement?.getAttribute('aria-label') ?? '');
      return label.test(seen);
    },
    { what: `the focus is on ${label}`, seen: () => seen },
  );
}

function overflow(page: EditorPage): Promise<number> {
  return page.page.evaluate(() => window.document.documentElement.scrollWidth - window.innerWidth);
}

/** Controls whose target is less than 24 pixels wide or high, by their name. */
function listTooSmall(page: EditorPage): Promise<readonly string[]> {
  return page.page.locator('a, button, input').evaluateAll((controls) =>
    controls.flatMap((control) => {
      const { width, height } = control.getBoundingClientRect();
      const shown = control.checkVisibility() && width > 0;
      return shown && Math.min(width, height) < 24 ? [`${control.outerHTML.slice(0, 80)}: ${width} × ${height}`] : [];
    }),
  );
}

/** Runs in the page: has writes to the device's storage fail while `writesFail` is set. */
function failWritesWhileAsked(): void {
  const { prototype } = IDBDatabase;
  const open = prototype.transaction;
  prototype.transaction = function (...args) {
    const fails = args[1] === 'readwrite' && Reflect.get(window, 'writesFail') === true;
    if (fails) throw new DOMException('for a test', 'QuotaExceededError');
    return open.apply(this, args);
  };
}
