import type { StoredHistory } from '../../src/adapters/sql/stored-history.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** A store that keeps versions and publications too. */
export type VersionedStore = StoreUnderTest & Pick<StoredHistory, 'versions' | 'publications'>;

/** Opens the store; a second call, after `close`, opens the same one again. */
export type OpenVersionedStore = () => Promise<VersionedStore>;
