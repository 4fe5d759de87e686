import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPort, runCommand } from './process.ts';
import { startRedis } from './redis-server.ts';

/** Whether a certificate can be made. */
export const canMakeCertificates = existsSync('/usr/bin/openssl');

/** A Redis of the tests that asks for TLS and a password. */
export interface TlsRedis {
  /** `rediss://:…@127.0.0.1:PORT` */
  readonly url: string;
  /** The certificate to trust. */
  readonly ca: string;
  dispose(): Promise<void>;
}

const PASSWORD = 'p@ss:word/?#,';

export async function startTlsRedis(): Promise<TlsRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'scriptorium-tls-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const args = ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', certificate];
  await runCommand({ command: 'openssl', args });
  const port = await findPort();
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate];
  const options = ['--tls-port', String(port), '--tls-auth-clients', 'no', '--requirepass', PASSWORD];
  const server = await startRedis([...files, ...options]);
  return {
    url: `rediss://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    ca: readFileSync(certificate, 'utf8'),
    async dispose() {
      await server.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
