const LOOPBACK_NAME = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a `Host` header names this machine or one of the configured origins. A page elsewhere can point its own
 * name at a loopback address (DNS rebinding); then its requests carry that name, and a sign-in that asks for no
 * password must not answer them.
 */
export function isTrustedHost(host: string | undefined, allowedOrigins: readonly string[]): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const { hostname, host: normalized } = new URL(`http://${host}`);
  if (LOOPBACK_NAME.test(hostname)) return true;
  return allowedOrigins.some((origin) => origin !== '*' && URL.canParse(origin) && new URL(origin).host === normalized);
}
