import * as Y from 'yjs';
import { encodeLogRow } from '../../src/core/log-row.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { parseDocumentName, type Tenant } from '@scriptorium/shared/document-name';
import type { StoreUnderTest } from '../contracts/store-under-test.ts';
import { createRandom } from './random.ts';

export interface SeedPlan {
  readonly tenant: Tenant;
  readonly count: number;
  readonly blocks: number;
  readonly wordsPerBlock: number;
}

/** A document that was put into a store past any server, and the word that it alone holds. */
export interface SeededDocument {
  readonly record: DocumentRecord;
  readonly word: string;
}

const PER_APPEND = 200;

/** A vocabulary in which few words are frequent and most are rare, as in a language. */
export function createVocabulary(seed: number) {
  const random = createRandom(seed);
  const words = Array.from({ length: 40_000 }, () =>
    Array.from({ length: 3 + random.below(8) }, () => String.fromCharCode(97 + random.below(26))).join(''),
  );
  const pick = (): string => words[Math.floor(words.length * (random.below(1_000_000) / 1_000_000) ** 4)] ?? '';
  return { random, words, pick, sentence: (count: number) => Array.from({ length: count }, pick).join(' ') };
}

/** Writes documents of some paragraphs each straight into a store, one row a document. */
export async function seedDocuments(store: StoreUnderTest, plan: SeedPlan): Promise<readonly SeededDocument[]> {
  const vocabulary = createVocabulary(1);
  const seeded: SeededDocument[] = [];
  for (let from = 0; from < plan.count; from += PER_APPEND) {
    const entries = [];
    for (let at = from; at < Math.min(plan.count, from + PER_APPEND); at += 1) {
      const name = parseDocumentName(`seeded/${at}`);
      if (name === null) throw new Error('not a name');
      const { record } = await store.catalog.create(plan.tenant, name, 'ada', Date.now());
      const word = `zs${at.toString(26).replaceAll(/\d/g, (digit) => String.fromCharCode(113 + Number(digit)))}q`;
      const texts = Array.from({ length: plan.blocks }, () => vocabulary.sentence(plan.wordsPerBlock));
      const update = paragraphs([`${word} ${texts[0] ?? ''}`, ...texts.slice(1)], at + 1);
      const payload = encodeLogRow([{ actor: 'ada', updates: [update] }]);
      entries.push({ documentId: record.id, epoch: 1, payload, bindings: [{ client: at + 1, user: 'ada' }] });
      seeded.push({ record, word });
    }
    await store.log.append({ incarnation: 'seed', flush: from + 1, at: Date.now(), retry: false, entries });
  }
  return seeded;
}

function paragraphs(texts: readonly string[], client: number): Uint8Array {
  const document = new Y.Doc();
  document.clientID = client;
  const elements = texts.map((text) => {
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [new Y.XmlText(text)]);
    return paragraph;
  });
  document.getXmlFragment('default').insert(0, elements);
  return Y.encodeStateAsUpdate(document);
}
