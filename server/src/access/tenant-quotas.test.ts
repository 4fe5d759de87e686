import { parseDocumentName, parseTenant } from '@scriptorium/shared/document-name';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import { createTenantQuotas } from './tenant-quotas.ts';

const name = parseDocumentName('notes/one');
const [ours, theirs] = [parseTenant('ours'), parseTenant('theirs')];

/** A store whose documents are counted, and that takes its time. */
function build(limits: { documents?: number; bytes?: number }) {
  const clock = createFakeClock();
  const stored = { documents: 0, bytes: 0 };
  let reads = 0;
  let failing = false;
  const quotas = createTenantQuotas({
    usage: {
      readUsage: async (tenant) => {
        reads += 1;
        return tenant === ours ? { ...stored } : { documents: 0, bytes: 0 };
      },
    },
    limits: { documents: Infinity, bytes: Infinity, ...limits },
    clock,
    telemetry: createSilentTelemetry(),
  });
  const create = async (): Promise<{ kind: 'created' | 'exists' }> => {
    await clock.settle();
    if (failing) throw new Error('the store is away');
    stored.documents += 1;
    return { kind: 'created' };
  };
  const catalog = quotas.limit({ create, createWith: create } as unknown as DocumentCatalog);
  if (name === null || ours === null || theirs === null) throw new Error('not a name');
  const make = (tenant = ours) => catalog.create(tenant, name, 'ada', 0).then(() => 'created', codeOf);
  const makeWith = (payload: Uint8Array | null) =>
    catalog
      .createWith(ours, name, { user: 'ada', at: 0, seed: { payload, bindings: [], title: null, metadata: {} } })
      .then(() => 'created', codeOf);
  return {
    clock,
    stored,
    quotas,
    make,
    makeWith,
    ours,
    theirs,
    reads: () => reads,
    fail: (on: boolean) => void (failing = on),
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : 'failed';
}

describe('[AUTH92] the documents of a tenant', () => {
  it('are made up to the limit, however many ask at once, and other tenants make theirs', async () => {
    const { make, theirs, reads } = build({ documents: 3 });
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => make()));
    expect(outcomes.filter((it) => it === 'created')).toHaveLength(3);
    expect(outcomes.filter((it) => it === 'quota-exceeded')).toHaveLength(7);
    expect(reads()).toBe(1);
    expect(await make(theirs)).toBe('created');
  });

  it('count also where they begin with a content', async () => {
    const { makeWith } = build({ documents: 1 });
    expect(await makeWith(new Uint8Array(1))).toBe('created');
    expect(await makeWith(null)).toBe('quota-exceeded');
  });

  it('one that could not be made takes no place, and a deleted one gives its place back', async () => {
    const { make, fail, stored, clock } = build({ documents: 1 });
    fail(true);
    expect(await make()).toBe('failed');
    fail(false);
    expect(await make()).toBe('created');
    expect(await make()).toBe('quota-exceeded');
    stored.documents = 0;
    clock.advance(6_000);
    expect(await make()).toBe('created');
  });

  it('cost no question where there is no limit', async () => {
    const { make, reads, quotas, ours } = build({});
    expect([await make(), quotas.isFull(ours), reads()]).toEqual(['created', false, 0]);
  });
});

describe('[AUTH93] the bytes of a tenant', () => {
  it('are looked at every few seconds, and what is known counts meanwhile', async () => {
    const { quotas, stored, clock, ours, theirs } = build({ bytes: 1_000 });
    stored.bytes = 1_000;
    expect(quotas.isFull(ours)).toBe(false);
    await clock.settle();
    expect([quotas.isFull(ours), quotas.isFull(theirs)]).toEqual([true, false]);
    stored.bytes = 10;
    clock.advance(6_000);
    expect(quotas.isFull(ours)).toBe(true);
    await clock.settle();
    expect(quotas.isFull(ours)).toBe(false);
  });
});

describe('[AUTH93] a tenant that is full', () => {
  it('begins no document with a content, and empty ones as before', async () => {
    const { makeWith, quotas, ours: tenant, stored, clock } = build({ bytes: 10 });
    stored.bytes = 10;
    quotas.isFull(tenant);
    await clock.settle();
    expect(await makeWith(new Uint8Array(1))).toBe('quota-exceeded');
    expect(await makeWith(null)).toBe('created');
  });
});
