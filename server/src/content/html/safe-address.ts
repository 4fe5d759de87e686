/** Schemes that a link may have; without one it is relative. */
const SCHEMES: ReadonlySet<string> = new Set([
  'http',
  'https',
  'ftp',
  'ftps',
  'mailto',
  'tel',
  'callto',
  'sms',
  'cid',
  'xmpp',
]);

/** Browsers drop these before they read an address, so `java\tscript:` is a script to them. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const IGNORED = /[\u0000-\u0020\u00a0\u1680\u180e\u2000-\u2029\u205f\u3000]/g;

/** Whether following this address can run no script. */
export function isSafeAddress(address: string): boolean {
  const scheme = /^([^/?#:]*):/.exec(address.replaceAll(IGNORED, ''))?.[1];
  return scheme === undefined || SCHEMES.has(scheme.toLowerCase());
}
