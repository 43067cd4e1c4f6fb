import { connect } from 'node:tls';

/** What is known of the certificate that a server shows. */
export interface Certificate {
  /** Why it is not valid; absent where it is. */
  problem?: string;
  /** Milliseconds since 1970. */
  expires: number;
}

/** Rejects where no TLS is spoken. */
export const inspectCertificate = ({ hostname, port }: URL, timeoutMs: number, signal: AbortSignal) =>
  new Promise<Certificate>((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket = connect({ host, port: Number(port || 443), rejectUnauthorized: false, ...servername });
    const end = (error?: unknown) => {
      socket.destroy();
      signal.removeEventListener('abort', abort);
      if (error !== undefined) reject(error);
    };
    const abort = () => end(signal.reason);
    signal.addEventListener('abort', abort);
    socket.setTimeout(timeoutMs, () => end(new Error(`no TLS handshake within ${timeoutMs / 1_000} s`)));
    socket.once('error', (error: Error & { code?: string }) =>
      end(error.code?.startsWith('ERR_SSL') ? new Error(`no TLS is spoken there (${error.code})`) : error),
    );
    socket.once('secureConnect', () => {
      const { valid_to } = socket.getPeerCertificate();
      const problem = socket.authorized ? {} : { problem: String(socket.authorizationError) };
      resolve({ expires: Date.parse(valid_to), ...problem });
      end();
    });
  });
