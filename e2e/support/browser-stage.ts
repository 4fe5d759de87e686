import type { Browser, BrowserContext, BrowserContextOptions } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type EditorPage, launchBrowser, signIn } from './browser.ts';
import { callRest, readField } from './rest-client.ts';
import { type RunningServer, type ServerSite, createServerSite } from './scriptorium-server.ts';

/** Signing in by name needs no secret. */
const DEVELOPMENT = { JWT_SECRET: '' };

/** A running server and a browser in which people meet, a new document for each test. */
export interface BrowserStage {
  readonly site: ServerSite;
  readonly browser: Browser;
  /** Name of this test's document. */
  readonly document: string;
  server(): RunningServer;
  /** Opens this test's document as somebody with a browser profile of their own. */
  openAs(name: string, options?: BrowserContextOptions): Promise<EditorPage>;
  /** A signed-in page at the list of documents. */
  enterAs(name: string, options?: BrowserContextOptions): Promise<EditorPage>;
  /** Calls REST as an owner. */
  rest(path: string, init?: { readonly method?: string; readonly body?: unknown }): ReturnType<typeof callRest>;
}

/** Sets a stage up for the tests of a `describe` block; each ends with no error on any page. */
export function useBrowserStage(prefix: string): BrowserStage {
  let site: ServerSite;
  let server: RunningServer;
  let browser: Browser;
  let documents = 0;
  let contexts: BrowserContext[] = [];
  let pages: EditorPage[] = [];
  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start({ env: DEVELOPMENT });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await site.dispose();
  });
  beforeEach(() => {
    documents += 1;
    [contexts, pages] = [[], []];
  });
  afterEach(async () => {
    const errors = pages.flatMap((page) => page.errors);
    for (const context of contexts) await context.close();
    expect(errors).toEqual([]);
  });
  const enterAs: BrowserStage['enterAs'] = async (name, options = {}) => {
    const context = await browser.newContext(options);
    contexts.push(context);
    const page = await signIn(context, site.url, name);
    pages.push(page);
    return page;
  };
  return {
    get site() {
      return site;
    },
    get browser() {
      return browser;
    },
    get document() {
      return `${prefix}-${documents}`;
    },
    server: () => server,
    enterAs,
    async openAs(name, options) {
      const page = await enterAs(name, options);
      await page.open(site.url, `${prefix}-${documents}`);
      return page;
    },
    async rest(path, init = {}) {
      const signedIn = await callRest(`${site.url}/v1/dev/sign-in`, { method: 'POST', body: { name: 'Reader' } });
      return callRest(`${site.url}${path}`, { ...init, token: String(readField(signedIn.body, 'token')) });
    },
  };
}
