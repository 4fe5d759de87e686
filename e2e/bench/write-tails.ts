import { openHocuspocus } from '../support/hocuspocus-client.ts';

/**
 * Types into documents until each has so many rows more in the log: one edit, its acknowledgement, the next edit, so
 * that no flush takes two of one document.
 */
export async function writeTails(options: {
  readonly url: string;
  readonly token: string;
  readonly documents: readonly string[];
  readonly rows: number;
}): Promise<void> {
  await Promise.all(
    options.documents.map(async (document) => {
      const client = openHocuspocus({ url: options.url, document, token: options.token });
      await client.ready();
      const text = client.doc.getText('tail');
      for (let row = 0; row < options.rows; row += 1) {
        const saved = new Promise<void>((resolve) => {
          const hear = ({ number }: { readonly number: number }): void => {
            if (number > 0) return;
            client.provider.off('unsyncedChanges', hear);
            resolve();
          };
          client.provider.on('unsyncedChanges', hear);
        });
        text.insert(text.length, 'w');
        await saved;
      }
      client.destroy();
    }),
  );
}
