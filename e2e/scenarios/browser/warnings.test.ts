import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, BrowserContextOptions } from '@playwright/test';
import { type EditorPage, hasChromium, launchBrowser, signIn } from '../../support/browser.ts';
import { createServerSite, type ServerSite } from '../../support/scriptorium-server.ts';
import { skipWithout } from '../../support/skip-without.ts';

/** The smallest ceiling that can be set; four fifths of it is where the server warns. */
const CEILING = 64 * 1024;
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true } as const;

describe.skipIf(skipWithout('chromium', hasChromium()))('what the server warns of', { timeout: 120_000 }, () => {
  let site: ServerSite;
  let browser: Browser;
  const pages: EditorPage[] = [];
  beforeAll(async () => {
    site = await createServerSite();
    await site.start({ env: { JWT_SECRET: '', LIMIT_DOCUMENT_BYTES: String(CEILING) } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await site.dispose();
  });
  afterEach(async () => {
    for (const page of pages) await page.page.context().close();
    expect(pages.splice(0).flatMap((page) => page.errors)).toEqual([]);
  });

  /** Writes so much into a new document that the server warns. */
  async function fill(name: string, options: BrowserContextOptions): Promise<EditorPage> {
    const page = await signIn(await browser.newContext(options), site.url, 'Ada');
    pages.push(page);
    await page.open(site.url, name);
    await page.editor.click();
    await page.paste({ 'text/plain': `${'So many words. '.repeat(200)}\n\n`.repeat(18) });
    await page.waitForState('saved');
    await page.type('And one more.');
    await page.page.getByTestId('warnings').getByText('nearly full').waitFor();
    return page;
  }

  it.each([
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['light-phone', PHONE],
    ['dark-phone', { ...PHONE, colorScheme: 'dark' }],
  ] as const)(
    '[APP261] a document that is nearly full says so, in a place that is read out (%s)',
    async (look, how) => {
      const page = await fill(`full-${look}`, how);
      const warnings = page.page.getByTestId('warnings');
      expect(await warnings.getAttribute('role')).toBe('status');
      expect(await warnings.textContent()).toMatch(/nearly full \((8|9)\d %\)/);
      const overflow = await page.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
      await page.page.evaluate(() => {
        scrollTo(0, 0);
      });
      await page.screenshot(`warning-${look}`);
    },
  );

  it('[APP261] once closed it stays closed, also when the connection has come back', async () => {
    const page = await fill('closed', {});
    const warnings = page.page.getByTestId('warnings');
    await warnings.getByRole('button', { name: 'Close' }).click();
    expect(await warnings.textContent()).toBe('');
    await page.page.context().setOffline(true);
    await page.page.waitForTimeout(500);
    await page.page.context().setOffline(false);
    await page.type('Still room.');
    await page.waitForState('saved');
    expect(await warnings.textContent()).toBe('');
  });
});
