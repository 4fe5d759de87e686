import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findPostgresPrograms,
  type PostgresServer,
  startPostgres,
} from '../../../server/test/services/postgres-server.ts';
import { type RedisServer, startRedis } from '../../../server/test/services/redis-server.ts';
import { EditorPage, hasChromium, launchBrowser } from '../../support/browser.ts';
import { createCountingProgram } from '../../support/program.ts';
import { recordResult } from '../../support/results.ts';
import { type ServerSite, createServerSite } from '../../support/scriptorium-server.ts';
import { pickSize } from '../../support/sizes.ts';
import { skipWithout } from '../../support/skip-without.ts';
import { mintToken } from '../../support/tokens.ts';
import { waitUntil } from '../../support/wait-until.ts';

const WRITES = pickSize({ share: 60, full: 500 });
/** Milliseconds between two keys: somebody who types fast. */
const KEY_DELAY = 110;
const LONG = 600_000;

const BLOCKS = Array.from({ length: 12 }, (_, index) => `Paragraph ${index} that nobody touches.`);
const START = ['# A shared page', 'Person:', 'Count: 0.', ...BLOCKS].join('\n\n');

describe.skipIf(skipWithout('chromium', hasChromium()))('a person types while a program writes', () => {
  let browser: Browser;
  const sites: ServerSite[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    for (const site of sites) await site.dispose();
  });

  async function startSite(env: Readonly<Record<string, string>>): Promise<ServerSite> {
    const site = await createServerSite();
    sites.push(site);
    await site.start({ env });
    return site;
  }

  it('[REST120] [SDK51] on one node', { timeout: LONG }, async () => {
    const site = await startSite({});
    await meet({ browser, personAt: site.url, programAt: site.url, title: 'person and program' });
  });

  describe.skipIf(skipWithout('postgresql', findPostgresPrograms() !== null))('on two nodes', () => {
    let postgres: PostgresServer;
    let redis: RedisServer;
    beforeAll(async () => {
      [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
      await postgres.createDatabase('together');
    });
    afterAll(async () => {
      await Promise.all([postgres.dispose(), redis.dispose()]);
    });

    it('[REST120] the person on one, the program on the other', { timeout: LONG }, async () => {
      const env = { DATABASE_URL: postgres.urlOf('together'), REDIS_URL: redis.url };
      const [one, two] = [await startSite(env), await startSite(env)];
      await meet({ browser, personAt: one.url, programAt: two.url, title: 'person and program, two nodes' });
      // Before their store goes away.
      for (const site of sites.splice(-2)) await site.dispose();
    });
  });
});

interface Meeting {
  readonly browser: Browser;
  readonly personAt: string;
  readonly programAt: string;
  readonly title: string;
}

async function meet({ browser, personAt, programAt, title }: Meeting): Promise<void> {
  const document = 'meeting';
  const program = createCountingProgram({ url: programAt, token: await mintToken({ sub: 'program' }), document });
  await program.client.createDocument({ name: document, content: { format: 'markdown', text: START } });
  const before = await program.readBlocks();
  const person = await openAs(browser, personAt, document);
  const begun = performance.now();
  let isWriting = true;
  const typed = typeUntil(person, () => !isWriting);
  try {
    for (let write = 0; write < WRITES; write += 1) await program.step(write % 2 === 0 ? 'content' : 'operation');
  } finally {
    isWriting = false;
  }
  const text = await typed;
  await person.waitForState('saved');
  const after = await program.readBlocks();
  // No lost update: each write added one to what it had read.
  expect(after[2]?.text).toBe(`Count: ${WRITES}.`);
  // No typed character is lost, and none is doubled.
  expect(after[1]?.text).toBe(`Person:${text}`);
  expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(after.slice(3)).toEqual(before.slice(3));
  await waitUntil(async () => (await person.blocks()).join('\n') === after.map((block) => block.text).join('\n'), {
    what: 'the page shows what is stored',
  });
  expect(person.errors).toEqual([]);
  await recordResult(title, {
    writes: WRITES,
    refused: program.refused(),
    typed: text.length,
    seconds: Math.round((performance.now() - begun) / 1_000),
  });
}

/** Opens the document as somebody whose token comes from elsewhere. */
async function openAs(browser: Browser, url: string, document: string): Promise<EditorPage> {
  const context = await browser.newContext();
  const session = {
    token: await mintToken({ sub: 'ada', name: 'Ada' }),
    user: { id: 'ada', name: 'Ada' },
    expiresAt: Date.now() + 3_600_000,
  };
  await context.addInitScript((value) => {
    localStorage.setItem('scriptorium.session', value);
  }, JSON.stringify(session));
  const page = new EditorPage(await context.newPage());
  await page.open(url, document);
  return page;
}

/** Types numbered words behind "Person:" until it is told to stop; what was typed. */
async function typeUntil(person: EditorPage, isOver: () => boolean): Promise<string> {
  const { page } = person;
  await person.editor.locator('p', { hasText: 'Person:' }).click();
  await page.keyboard.press('End');
  let text = '';
  for (let word = 1; !isOver(); word += 1) {
    const next = `w${word} `;
    await page.keyboard.type(next, { delay: KEY_DELAY });
    text += next;
  }
  await page.keyboard.type('end', { delay: KEY_DELAY });
  return `${text}end`;
}
