import type { Random } from './random.ts';
import { type Call, type Loot, MARK, VICTIM } from './tenant-loot.ts';

/** Makes a request about one of the victim's names. */
type Maker = (name: string) => Call;

interface Pick {
  readonly random: Random;
  readonly loot: Loot;
}

/** Where a document of that name is, for whoever takes the tenant for a part of the name now and then. */
function pathOf({ random }: Pick, name: string): string {
  return `/v1/documents/${encodeURIComponent(random.chance(0.9) ? name : `${VICTIM}/${name}`)}`;
}

/** What is about documents, grants, keys and the audit log. */
export function accessRequests(pick: Pick): readonly Maker[] {
  const { random, loot } = pick;
  const path = (name: string): string => pathOf(pick, name);
  const [user, keyId, linkId, cursor] = [loot.users, loot.keyIds, loot.linkIds, loot.cursors].map((list) =>
    random.pick(list),
  );
  return [
    (name) => ['GET', path(name)],
    (name) => ['GET', `${path(name)}/grants`],
    (name) => ['PUT', `${path(name)}/grants/user:${user}`, { role: 'owner' }],
    (name) => ['DELETE', `${path(name)}/grants/user:${user}`],
    (name) => ['DELETE', `${path(name)}/grants/link:${linkId}`],
    (name) => ['POST', `${path(name)}/links`, { role: 'editor' }],
    (name) => ['PATCH', path(name), { name: `spied/${random.below(1e9)}` }],
    (name) => ['DELETE', path(name)],
    () => ['GET', `/v1/documents?prefix=${MARK}`],
    () => ['GET', `/v1/documents?cursor=${cursor}`],
    () => ['GET', `/v1/grants?cursor=${cursor}`],
    () => ['GET', `/v1/grants?subject=user:${user}`],
    () => ['GET', `/v1/api-keys?cursor=${cursor}`],
    () => ['POST', `/v1/api-keys/${keyId}/rotate`, {}],
    () => ['DELETE', `/v1/api-keys/${keyId}`],
    (name) => ['GET', `/v1/audit?document=${encodeURIComponent(name)}`],
    () => ['GET', `/v1/audit?cursor=${cursor}`],
    () => ['GET', '/v1/audit?actor=root'],
    // Not the spies' own name, or they would shut themselves out.
    () => ['DELETE', `/v1/users/${loot.users[1]}/access`],
    () => ['GET', `/v1/users/${loot.users[1]}/export`],
    () => ['POST', `/v1/users/${loot.users[1]}/erasure`],
    () => ['GET', `/v1/users/${loot.users[1]}/erasure`],
    () => ['DELETE', `/v1/users/${loot.users[1]}/erasure`],
    () => ['GET', '/v1/session', undefined, { 'x-tenant': VICTIM, host: `${VICTIM}.example.org` }],
  ];
}

/** What reads, writes, finds, publishes and follows contents. */
export function contentRequests(pick: Pick): readonly Maker[] {
  const { random, loot } = pick;
  const path = (name: string): string => pathOf(pick, name);
  const version = random.pick(loot.versionIds);
  // What would make a document of the spy's own is asked for where one has to be there.
  const there = { 'if-match': '"1-1"' };
  const operations = [{ op: 'replace', range: { quote: { exact: 'secret' } }, text: 'spied' }];
  return [
    (name) => ['GET', `${path(name)}/content?format=${random.pick(['json', 'text', 'yjs', 'markdown', 'html'])}`],
    (name) => ['GET', `${path(name)}/content`, undefined, { 'if-none-match': '"1-1"' }],
    (name) => ['GET', `${path(name)}/content?at=${random.pick(['1', '1-1', version])}`],
    (name) => ['PUT', `${path(name)}/content`, { type: 'doc', content: [] }, there],
    (name) => ['POST', `${path(name)}/import`, { type: 'doc', content: [] }, there],
    (name) => ['POST', `${path(name)}/changes`, { operations }],
    (name) => ['GET', `${path(name)}/history`],
    (name) => ['GET', `${path(name)}/diff?from=${random.pick(['0', version])}`],
    (name) => ['GET', `${path(name)}/blame`],
    (name) => ['GET', `${path(name)}/versions`],
    (name) => ['POST', `${path(name)}/versions`, { label: 'spied' }],
    (name) => ['GET', `${path(name)}/versions/${version}`],
    (name) => ['PATCH', `${path(name)}/versions/${version}`, { label: 'spied' }],
    (name) => ['DELETE', `${path(name)}/versions/${version}`],
    (name) => ['POST', `${path(name)}/versions/${random.pick(['1', version])}/restore`],
    (name) => ['GET', `${path(name)}/publication`],
    (name) => ['PUT', `${path(name)}/publication`, {}],
    (name) => ['DELETE', `${path(name)}/publication`],
    (name) => ['GET', `${path(name)}/export?format=markdown`],
    (name) => ['GET', `${path(name)}/presence`],
    (name) => ['POST', `${path(name)}/broadcast`, { payload: 'spied' }],
    (name) => ['GET', `${path(name)}/events`],
    (name) => ['POST', `${path(name)}/erasure`],
    (name) => ['POST', '/v1/documents', { name: `spied/${random.below(1e9)}`, from: { document: name } }],
    () => ['GET', `/v1/export?prefix=${MARK}`],
    () => ['GET', `/v1/search?q=${MARK}`],
    () => ['POST', '/v1/search', { q: `secret ${MARK}`, filter: { names: [`${MARK}/*`] } }],
    () => ['GET', '/v1/publications'],
    () => ['GET', '/v1/erasures'],
    () => ['GET', '/v1/webhooks'],
    () => ['GET', `/v1/webhooks/${version}/deliveries`],
    () => ['GET', `/v1/jobs/${version}`],
  ];
}
