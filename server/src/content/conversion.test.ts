import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { findReadmes } from '../../test/support/readmes.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { runConversion, type RenderFormat } from './conversion.ts';
import { ConversionThread } from './convert-in-thread.ts';
import { writeZip, type ZipEntry } from './files/write-zip.ts';
import { parseMarkdown } from './markdown/parse-markdown.ts';
import { renderMarkdown } from './markdown/render-markdown.ts';

// Many random documents, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 120_000 });

const EMPTY = Y.encodeStateAsUpdate(new Y.Doc());
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (result: Uint8Array | null): string => new TextDecoder().decode(result ?? undefined);

async function stateOf(markdown: string): Promise<Uint8Array> {
  return (
    (await runConversion({ kind: 'replace', base: EMPTY, format: 'markdown', body: bytes(markdown), clientId: 3 })) ??
    EMPTY
  );
}

describe('Markdown files of others', () => {
  test('[CONT40] are stable after the first trip, in Markdown, HTML and JSON', { timeout: 120_000 }, async () => {
    const files = findReadmes();
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      const state = await stateOf(readFileSync(file, 'utf8'));
      const first = text(await runConversion({ kind: 'render', state, format: 'markdown' }));
      expect(renderMarkdown(parseMarkdown(first)), file).toBe(first);
      for (const format of ['markdown', 'html', 'json', 'text'] as const) {
        const body = await runConversion({ kind: 'render', state, format });
        const update = await runConversion({ kind: 'replace', base: state, format, body: body ?? EMPTY, clientId: 4 });
        expect(update, `${format} of ${file}`).toBeNull();
      }
    }
  });
});

test(
  '[CONT41] a DOCX file that was written is read back with its headings, lists, marks, links and tables',
  { timeout: 60_000 },
  async () => {
    const source =
      '# Title\n\nSome **bold** and *italic* and a [link](https://example.org).\n\n- one\n- two\n\n1. first\n2. second\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n';
    const file = await runConversion({ kind: 'render', state: await stateOf(source), format: 'docx' });
    const update = await runConversion({
      kind: 'replace',
      base: EMPTY,
      format: 'docx',
      body: file ?? EMPTY,
      clientId: 5,
    });
    const read = text(await runConversion({ kind: 'render', state: update ?? EMPTY, format: 'markdown' }));
    for (const part of [
      '# Title',
      '**bold**',
      '*italic*',
      '[link](https://example.org)',
      '- one\n- two',
      '1. first\n2. second',
    ])
      expect(read).toContain(part);
    expect(read).toMatch(/a.*\|.*b|<table>.*a.*b/s);
    await expect(
      runConversion({ kind: 'replace', base: EMPTY, format: 'docx', body: bytes('nonsense'), clientId: 5 }),
    ).rejects.toThrow('invalid-content');
  },
);

test(
  '[CONT41] items of several paragraphs stay one item, and tasks stay tasks, through a DOCX file',
  { timeout: 60_000 },
  async () => {
    const source =
      '1. first\n\n   more of it\n\n   - below\n\n     more below\n\n2. second\n\ntext\n\n- [x] done\n- [ ] **open**\n';
    const state = await stateOf(source);
    const file = (await runConversion({ kind: 'render', state, format: 'docx' })) ?? EMPTY;
    const update = await runConversion({ kind: 'replace', base: EMPTY, format: 'docx', body: file, clientId: 5 });
    const asMarkdown = async (from: Uint8Array): Promise<string> =>
      text(await runConversion({ kind: 'render', state: from, format: 'markdown' }));
    expect(await asMarkdown(update ?? EMPTY)).toBe(await asMarkdown(state));
  },
);

test.each(['json', 'markdown'] as const)(
  '[CONT42] a body of %s that is no text of that kind is refused with a code',
  async (format: RenderFormat) => {
    await expect(
      runConversion({ kind: 'replace', base: EMPTY, format, body: new Uint8Array([0xff, 0xfe, 0x7b]), clientId: 5 }),
    ).rejects.toThrow('invalid-content');
  },
);

describe('the thread for conversions', () => {
  const threads: ConversionThread[] = [];
  const start = (deadline: number): ConversionThread => {
    const thread = new ConversionThread({ clock: createSystemClock(), deadline, queueMax: 2 });
    threads.push(thread);
    return thread;
  };
  afterAll(async () => {
    for (const thread of threads) await thread.close();
  });

  test('[CONT43] answers as a conversion here would, errors included', { timeout: 60_000 }, async () => {
    const thread = start(50_000);
    const state = await stateOf('# Title\n\n- item\n');
    expect(text(await thread.run({ kind: 'render', state, format: 'markdown' }))).toBe('# Title\n\n- item\n');
    await expect(thread.run({ kind: 'render', state: new Uint8Array([1]), format: 'json' })).rejects.toThrow(
      'document-quarantined',
    );
  });

  test('[CONT43] ends what takes too long, and goes on with the next', { timeout: 60_000 }, async () => {
    const thread = start(6_000);
    const hostile = thread.run({
      kind: 'replace',
      base: EMPTY,
      format: 'markdown',
      // More than any machine gets through in the time.
      body: bytes('['.repeat(16_000_000)),
      clientId: 6,
    });
    const next = thread.run({ kind: 'render', state: EMPTY, format: 'text' });
    const last = thread.run({ kind: 'render', state: EMPTY, format: 'json' });
    await expect(thread.run({ kind: 'render', state: EMPTY, format: 'json' })).rejects.toThrow('overloaded');
    await expect(hostile).rejects.toThrow('conversion-exceeded');
    expect(text(await next)).toBe('');
    expect(text(await last)).toContain('doc');
  });

  test('[CONT190] ends when it has been idle, and comes back when it is needed', { timeout: 60_000 }, async () => {
    let [started, ended] = [0, 0];
    const startWorker = (): Worker => {
      started += 1;
      const worker = new Worker(new URL('conversion-thread.ts', import.meta.url), { execArgv: [] });
      return worker.on('exit', () => {
        ended += 1;
      });
    };
    const thread = new ConversionThread({
      clock: createSystemClock(),
      deadline: 50_000,
      queueMax: 2,
      idle: 20,
      startWorker,
    });
    threads.push(thread);
    const ask = async (): Promise<string> => text(await thread.run({ kind: 'render', state: EMPTY, format: 'text' }));
    await ask();
    await vi.waitUntil(() => ended === 1, { timeout: 30_000 });
    expect(await ask()).toBe('');
    expect(started).toBe(2);
  });
});

describe('an archive', () => {
  const entry = (index: number): ZipEntry => ({
    path: `notes/${index}.md`,
    modifiedAt: new Date('2026-01-01T00:00:00Z'),
    content: `# Note ${index}\n`.repeat(100),
  });

  test('[CONT44] holds every document, and asks for the next only when the last was taken', async () => {
    let asked = 0;
    async function* entries(): AsyncIterable<ZipEntry> {
      for (asked = 0; asked < 200; asked += 1) yield entry(asked);
    }
    const files = unzipSync(new Uint8Array(await buffer(writeZip(entries()))));
    expect(Object.keys(files)).toHaveLength(200);
    expect(text(files['notes/7.md'] ?? null)).toBe(entry(7).content);
  });

  test('[CONT44] that nobody reads asks for no more than fits into the buffers', async () => {
    let asked = 0;
    async function* entries(): AsyncIterable<ZipEntry> {
      for (; asked < 100; asked += 1) yield { ...entry(asked), content: randomBytes(200_000) };
    }
    const archive = writeZip(entries());
    await setTimeout(300);
    expect(asked).toBeLessThan(10);
    archive.destroy();
  });

  test('[CONT44] whose source fails is not whole', async () => {
    async function* entries(): AsyncIterable<ZipEntry> {
      yield entry(1);
      await Promise.resolve();
      throw new Error('the source failed');
    }
    await expect(buffer(writeZip(entries()))).rejects.toThrow('the source failed');
  });
});
