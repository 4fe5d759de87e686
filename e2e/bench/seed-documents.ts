import * as Y from 'yjs';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import type { LoadPlan } from './load-plan.ts';

/** Brings the base into every document, by an ordinary client at the first node, which leaves when it is taken. */
export async function seedDocuments(
  plan: Pick<LoadPlan, 'urls' | 'token' | 'prefix' | 'documents'>,
  base: Uint8Array,
): Promise<void> {
  const [url = ''] = plan.urls;
  for (let index = 0; index < plan.documents; index += 1) {
    const client = openHocuspocus({ url, document: `${plan.prefix}-${index}`, token: plan.token });
    await client.ready();
    Y.applyUpdate(client.doc, base, 'base');
    await client.ready();
    client.destroy();
  }
}
