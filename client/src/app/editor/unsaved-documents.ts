import type { ScriptoriumProvider } from '../../sdk/provider-types.ts';

/** Milliseconds that a document which somebody left may take to save what is on its way. */
const PATIENCE = 15_000;

/** Documents that were left with changes on their way. */
const held = new Set<ScriptoriumProvider>();

/** Ends a provider once everything is saved, or when that takes too long; what is kept on this device stays there. */
export function holdUntilSaved(provider: ScriptoriumProvider): void {
  if (provider.status.kind !== 'saving') {
    void provider.destroy();
    return;
  }
  held.add(provider);
  const end = (): void => {
    clearTimeout(timer);
    held.delete(provider);
    void provider.destroy();
  };
  const timer = setTimeout(end, PATIENCE);
  provider.on('status', ({ kind }) => {
    if (kind !== 'saving') end();
  });
}

/** How many changes of documents that were left are still on their way. */
export function countHeldChanges(): number {
  return [...held].reduce((sum, provider) => sum + provider.status.pending, 0);
}
