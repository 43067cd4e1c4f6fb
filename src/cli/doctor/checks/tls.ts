import { type Finding, fail, ok, warn } from '../finding.ts';
import type { Certificate } from '../tls.ts';

const dayMs = 86_400_000;
const soonDays = 14;

/** `certificate` is absent where the URL is plain http; `now` in milliseconds since 1970. */
export const judgeTls = (url: URL, certificate: Certificate | undefined, now = Date.now()): Finding => {
  if (!certificate) {
    if (/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname))
      return ok('plain http, which does not leave this machine');
    return warn(
      'plain http: passwords, tokens and messages can be read on the way',
      'Turn on the TLS server block of nginx/nginx.conf, and give people the https URL.',
    );
  }
  const days = Math.floor((certificate.expires - now) / dayMs);
  const until = new Date(certificate.expires).toISOString().slice(0, 10);
  if (days < 0)
    return fail(`the certificate expired on ${until}`, 'Renew it, and see why nothing renewed it by itself.');
  if (certificate.problem !== undefined)
    return fail(
      `clients will not accept the certificate: ${certificate.problem}`,
      'Serve the whole chain (nginx: ssl_certificate with the intermediate certificates) of a certificate for this name, by an authority that clients know. For an authority of your own, run the doctor with NODE_EXTRA_CA_CERTS.',
    );
  if (days < soonDays)
    return warn(`the certificate expires on ${until}`, 'Renew it now: most renewals run long before.');
  return ok(`the certificate is valid until ${until}`);
};
