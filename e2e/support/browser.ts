import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type Locator, type Page, chromium } from '@playwright/test';
import { waitUntil } from './wait-until.ts';

const CHROMIUM = '/usr/bin/chromium';

/** Whether the browser of the tests is installed. */
export function hasChromium(): boolean {
  return existsSync(CHROMIUM);
}

/** Starts the browser; close it in the end. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** What the save status says, as the app's `data-state` has it. */
export type SaveState = 'saved' | 'saving' | 'offline' | 'refused' | (string & {});

/** A person at an open document. */
export class EditorPage {
  readonly page: Page;
  /** Errors that the page threw or logged, network failures left out. */
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/assets/') && !response.ok()) this.errors.push(`${pathname}: ${response.status()}`);
    });
    page.on('console', (message) => {
      // A page whose server is away or that is offline cannot but fail to fetch.
      const isNetwork = /net::ERR|WebSocket connection|Failed to load resource/.test(message.text());
      if (message.type() === 'error' && !isNetwork) this.errors.push(message.text());
    });
  }

  get editor(): Locator {
    const id = '[data-testid="editor"]';
    return this.page.locator(`${id}[contenteditable="true"], ${id} [contenteditable="true"]`);
  }

  get status(): Locator {
    return this.page.getByTestId('save-status');
  }

  async saveState(): Promise<SaveState> {
    return (await this.status.getAttribute('data-state')) ?? '';
  }

  async waitForState(state: SaveState, timeoutMs = 15_000): Promise<void> {
    await waitUntil(async () => (await this.saveState()) === state, { what: `status ${state}`, timeoutMs });
  }

  /** Opens a document and waits until it can be written in. */
  async open(url: string, document: string): Promise<void> {
    await this.page.goto(`${url}/d/${document}`);
    await this.editor.waitFor();
    await this.waitForState('saved');
    await this.page.evaluate(recordStates);
  }

  /** Every state since the document was opened or `forgetStates` was called, in order. */
  states(): Promise<readonly string[]> {
    return this.page.evaluate(() => Reflect.get(window, 'recordedStates') as string[]);
  }

  /** Begins a new record with the present state. */
  async forgetStates(): Promise<void> {
    await this.page.evaluate(() => {
      const states = Reflect.get(window, 'recordedStates') as string[];
      states.splice(0, states.length - 1);
    });
  }

  /** Puts the caret at the end of a block. */
  async placeCaret(block: number): Promise<void> {
    await this.editor.locator(':scope > *').nth(block).click();
    await this.page.keyboard.press('End');
  }

  /** Types where the caret is, at the pace of a fast writer. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 15 });
  }

  /** Text of each block, without the carets of others. */
  blocks(): Promise<readonly string[]> {
    return this.editor.evaluate((editor) => {
      const copy = editor.cloneNode(true) as Element;
      for (const caret of copy.querySelectorAll('[class*="collaboration-carets"], .ProseMirror-widget')) caret.remove();
      // U+2060 and the like are the editor's own padding around widgets.
      return [...copy.children].map((block) => (block.textContent ?? '').replaceAll(/[\u2060\u200b\ufeff]/g, ''));
    });
  }

  /** Pastes these texts, by media type, where the caret is. */
  async paste(texts: Readonly<Record<string, string>>): Promise<void> {
    await this.editor.evaluate((editor, entries) => {
      const clipboardData = new DataTransfer();
      for (const [type, text] of entries) clipboardData.setData(type, text);
      editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, Object.entries(texts));
  }

  /** The text as HTML, without the carets of others and what only this editor adds. */
  html(): Promise<string> {
    return this.editor.evaluate((editor) => {
      const copy = editor.cloneNode(true) as Element;
      for (const extra of copy.querySelectorAll(
        '[class*="collaboration-carets"], .ProseMirror-widget, .ProseMirror-separator, br, colgroup',
      ))
        extra.remove();
      return copy.innerHTML.replaceAll(/[\u2060\u200b\ufeff]/g, '');
    });
  }

  /** Waits until something is read out that matches. */
  async waitForAnnouncement(text: RegExp): Promise<void> {
    let seen: readonly string[] = [];
    await waitUntil(
      async () => {
        seen = await this.page.getByTestId('announcements').locator('p').allTextContents();
        return seen.some((one) => text.test(one));
      },
      { what: `${text} is read out`, timeoutMs: 20_000, seen: () => seen.join(' | ') },
    );
  }

  /** Names on the carets of others. */
  caretNames(): Promise<readonly string[]> {
    return this.editor.locator('.collaboration-carets__label').allTextContents();
  }

  /** Brightness of the page's background, from 0 to 255. */
  async brightness(): Promise<number> {
    const picture = await this.page.screenshot({ clip: { x: 1, y: 1, width: 1, height: 1 } });
    return this.page.evaluate(async (base64) => {
      const image = new Image();
      image.src = `data:image/png;base64,${base64}`;
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
      const drawing = canvas.getContext('2d');
      drawing?.drawImage(image, 0, 0);
      const [red = 0, green = 0, blue = 0] = drawing?.getImageData(0, 0, 1, 1).data ?? [];
      return (red + green + blue) / 3;
    }, picture.toString('base64'));
  }

  /** Saves a picture where `SCREENSHOT_DIR` says; nothing without it. */
  async screenshot(name: string): Promise<void> {
    const directory = process.env['SCREENSHOT_DIR'];
    if (directory === undefined) return;
    await mkdir(directory, { recursive: true });
    await this.page.screenshot({ path: join(directory, `${name}.png`) });
  }
}

/** Signs a person in by name, as the app asks on its first page. */
export async function signIn(context: BrowserContext, url: string, name: string): Promise<EditorPage> {
  const page = new EditorPage(await context.newPage());
  await page.page.goto(url);
  await page.page.getByTestId('sign-in-name').fill(name);
  await page.page.getByTestId('sign-in-submit').click();
  await page.page.getByTestId('document-list').waitFor();
  return page;
}

/** Waits until all pages show the same blocks, and returns them. */
export async function waitForAgreement(
  pages: readonly EditorPage[],
  holds: (text: string) => boolean,
): Promise<readonly string[]> {
  let seen: (readonly string[])[] = [];
  await waitUntil(
    async () => {
      seen = await Promise.all(pages.map((page) => page.blocks()));
      const texts = seen.map((blocks) => blocks.join('\n'));
      return texts.every((text) => text === texts[0]) && holds(texts[0] ?? '');
    },
    { what: 'all pages show the same text', timeoutMs: 30_000, seen: () => JSON.stringify(seen) },
  );
  return seen[0] ?? [];
}

/** Runs in the page: keeps every state that the status goes through, since a look from outside misses short ones. */
function recordStates(): void {
  const status = document.querySelector('[data-testid="save-status"]');
  const read = (): string => document.querySelector('[data-testid="save-status"]')?.getAttribute('data-state') ?? '';
  const states = [read()];
  Reflect.set(window, 'recordedStates', states);
  // The element itself may be replaced, so its surroundings are watched.
  const observer = new MutationObserver(() => {
    if (states.at(-1) !== read()) states.push(read());
  });
  observer.observe(status?.parentElement ?? document.body, { subtree: true, childList: true, attributes: true });
}
