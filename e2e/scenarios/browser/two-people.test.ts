import { type IncomingMessage, get } from 'node:http';
import type { Browser, BrowserContext } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EditorPage, hasChromium, launchBrowser, signIn, waitForAgreement } from '../../support/browser.ts';
import { callRest, readField } from '../../support/rest-client.ts';
import { type RunningServer, type ServerSite, createServerSite } from '../../support/scriptorium-server.ts';
import { skipWithout } from '../../support/skip-without.ts';

const DEVELOPMENT = { JWT_SECRET: '' };

describe.skipIf(skipWithout('chromium', hasChromium()))('the browser app', { timeout: 120_000 }, () => {
  let site: ServerSite;
  let server: RunningServer;
  let browser: Browser;
  let ada: BrowserContext;
  let lin: BrowserContext;
  let pages: EditorPage[];
  let documents = 0;
  let document: string;

  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start({ env: DEVELOPMENT });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await site.dispose();
  });
  beforeEach(async () => {
    documents += 1;
    document = `browser-${documents}`;
    [ada, lin] = [await browser.newContext(), await browser.newContext()];
    pages = [];
  });
  afterEach(async () => {
    expect(pages.flatMap((page) => page.errors)).toEqual([]);
    await ada.close();
    await lin.close();
  });

  async function openAs(context: BrowserContext, name: string): Promise<EditorPage> {
    const page = await signIn(context, site.url, name);
    await page.open(site.url, document);
    pages.push(page);
    return page;
  }
  async function openTab(context: BrowserContext): Promise<EditorPage> {
    const page = new EditorPage(await context.newPage());
    await page.open(site.url, document);
    pages.push(page);
    return page;
  }
  async function storedText(): Promise<string> {
    const signedIn = await callRest(`${site.url}/v1/dev/sign-in`, { method: 'POST', body: { name: 'Reader' } });
    const token = String(readField(signedIn.body, 'token'));
    const answer = await callRest(`${site.url}/v1/documents/${document}/content?format=text`, { token });
    return new TextDecoder().decode(answer.bytes);
  }

  it('[APP50] a newcomer signs in by name, makes a document and writes in it', async () => {
    const page = await signIn(ada, site.url, 'Ada');
    pages.push(page);
    await page.screenshot('list');
    await page.page.getByTestId('new-document').click();
    await page.page.waitForURL(/\/d\/.+/);
    await page.editor.waitFor();
    await page.editor.click();
    await page.page.keyboard.type('# First words');
    await page.page.keyboard.press('Enter');
    await page.page.keyboard.type('Hello.');
    await page.waitForState('saved');
    // Markdown shortcuts make it a heading.
    expect(await page.editor.locator('h1').textContent()).toContain('First words');
    await page.page.reload();
    await page.editor.waitFor();
    await waitForAgreement([page], (text) => text.includes('First words') && text.includes('Hello.'));
  });

  it('[APP51] two tabs and two people type at once, see named cursors and read the same text', async () => {
    const first = await openAs(ada, 'Ada');
    await first.editor.click();
    for (const line of ['one', 'two', 'three']) {
      await first.page.keyboard.type(line);
      await first.page.keyboard.press('Enter');
    }
    await first.page.keyboard.type('four');
    const everybody = [first, await openTab(ada), await openAs(lin, 'Lin'), await openTab(lin)];
    await waitForAgreement(everybody, (text) => text.startsWith('one\ntwo\nthree\nfour'));

    const lines = [' and Ada writes here', ' while Ada writes here', ' and Lin writes here', ' while Lin writes here'];
    for (const [index, page] of everybody.entries()) await page.placeCaret(index);
    await Promise.all(everybody.map((page, index) => page.type(lines[index] ?? '')));
    const text = await waitForAgreement(everybody, (whole) => lines.every((line) => whole.includes(line)));
    expect(text.slice(0, 4)).toEqual(
      ['one', 'two', 'three', 'four'].map((start, index) => start + (lines[index] ?? '')),
    );

    expect(await first.caretNames()).toContain('Lin');
    expect(await everybody[2]?.caretNames()).toContain('Ada');
    expect(await first.page.getByTestId('people').innerHTML()).toContain('Lin');
    await first.screenshot('two-people-ada');
    await everybody[2]?.screenshot('two-people-lin');
    for (const page of everybody) await page.waitForState('saved');
    expect((await storedText()).split('\n').slice(0, 4)).toEqual(text.slice(0, 4));
  });

  it('[APP52] one goes offline, writes, returns, and both agree; saved is never shown meanwhile', async () => {
    const stay = await openAs(lin, 'Lin');
    await stay.editor.click();
    await stay.page.keyboard.type('shared.');
    const leave = await openAs(ada, 'Ada');
    await waitForAgreement([stay, leave], (text) => text.includes('shared.'));
    await leave.waitForState('saved');

    await ada.setOffline(true);
    await leave.forgetStates();
    await leave.placeCaret(0);
    await leave.type(' Written offline.');
    await leave.waitForState('offline');
    await leave.screenshot('offline');
    await stay.placeCaret(0);
    await stay.type(' Written meanwhile.');
    expect((await stay.blocks()).join('\n')).not.toContain('offline');
    // The first entry is from before the first keystroke.
    expect((await leave.states()).slice(1)).not.toContain('saved');
    expect(await leave.status.textContent()).toMatch(/offline/i);

    await ada.setOffline(false);
    await waitForAgreement(
      [stay, leave],
      (text) => text.includes('Written offline.') && text.includes('Written meanwhile.'),
    );
    await leave.waitForState('saved', 30_000);
    expect(await storedText()).toContain('Written offline.');
  });

  it('[APP53] a server killed in the middle loses nothing, and the status tells the truth throughout', async () => {
    const [one, two] = [await openAs(ada, 'Ada'), await openAs(lin, 'Lin')];
    await one.editor.click();
    await one.page.keyboard.type('before the crash,');
    await waitForAgreement([one, two], (text) => text.includes('before the crash,'));

    const typing = one.page.keyboard.type(' all through it,', { delay: 40 });
    await server.kill();
    await typing;
    await one.forgetStates();
    await one.page.keyboard.type(' and while it was away.');
    await one.waitForState('offline', 40_000);
    expect((await one.states()).slice(1)).not.toContain('saved');

    server = await site.start({ env: DEVELOPMENT });
    const whole = 'before the crash, all through it, and while it was away.';
    await one.waitForState('saved', 40_000);
    await waitForAgreement([one, two], (text) => text.includes(whole));
    expect(await storedText()).toContain(whole);
  });

  it('[APP54] what reads Saved survives a crash in that moment', async () => {
    await server.kill();
    server = await site.start({ env: { ...DEVELOPMENT, SCRIPTORIUM_TEST_APPEND_DELAY_MS: '800' } });
    const page = await openAs(ada, 'Ada');
    await page.editor.click();
    await page.page.keyboard.type('Is this saved?', { delay: 30 });
    await waitUntilStateChanges(page);
    await page.waitForState('saved');
    await server.kill();
    // A page that stayed would bring the text back by itself.
    await ada.close();
    server = await site.start({ env: DEVELOPMENT });
    expect(await storedText()).toContain('Is this saved?');
  });

  it('[APP56] a page that the browser has kept still runs when it is opened again', async () => {
    const first = await ask(`${site.url}/d/${document}`);
    const policy = first.headers['content-security-policy'];
    expect(policy).toMatch(/script-src 'self'/);
    const again = await ask(`${site.url}/d/${document}`, { 'if-none-match': first.headers.etag ?? '' });
    expect(again.statusCode).toBe(304);
    // The headers of a 304 replace those that the browser has kept.
    expect([policy, undefined]).toContain(again.headers['content-security-policy']);
  });

  it('[APP55] fits a phone, and follows the light or dark of the system', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme });
      const page = await signIn(phone, site.url, 'Ada');
      await page.screenshot(`phone-list-${colorScheme}`);
      await page.open(site.url, `${document}-${colorScheme}`);
      await page.editor.click();
      await page.page.keyboard.type('# A heading\nand a rather long paragraph that must wrap on such a narrow screen');
      const overflow = await page.page.evaluate(() => window.document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(await page.status.isVisible()).toBe(true);
      await page.screenshot(`phone-${colorScheme}`);
      expect(await page.brightness()).toSatisfy((level: number) =>
        colorScheme === 'light' ? level > 200 : level < 80,
      );
      expect(page.errors).toEqual([]);
      await phone.close();
    }
  });
});

/** Asks as a browser does; `fetch` makes conditional requests in another way. */
function ask(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers }, (response) => resolve(response.resume()));
    request.on('error', reject);
  });
}

async function waitUntilStateChanges(page: EditorPage): Promise<void> {
  await page.page.waitForFunction(
    () => window.document.querySelector('[data-testid="save-status"]')?.getAttribute('data-state') !== 'saved',
  );
}
