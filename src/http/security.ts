import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { contractHeader } from '../protocol/contract-version.ts';

/** Headers for everything that is served here. Scripts and styles come from this server's own files only. */
export const createSecurityHeaders = () =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'"],
        'media-src': ["'self'"],
        'manifest-src': ["'self'"],
        // 'self' does not cover the WebSocket schemes in every browser.
        'connect-src': ["'self'", 'ws:', 'wss:'],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // Of other hosts below this one's name nothing is known.
    strictTransportSecurity: { includeSubDomains: false },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });

const methods = 'GET, POST, PUT, PATCH, DELETE';
const requestHeaders = 'Authorization, Content-Type, X-Request-Id';
const answerHeaders = `X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, ${contractHeader}`;

/** `origins` is `CORS_ORIGINS`. No credentials are ever allowed: there is no cookie that a foreign page could ride on. */
export const createCors = (origins: string[]) => {
  const any = origins.includes('*');
  const allowed = new Set(origins);
  return (request: Request, reply: Response, next: NextFunction) => {
    const origin = request.get('origin');
    reply.vary('Origin');
    if (origin === undefined || !(any || allowed.has(origin))) return next();
    reply.set('Access-Control-Allow-Origin', any ? '*' : origin);
    reply.set('Access-Control-Expose-Headers', answerHeaders);
    reply.set('Cross-Origin-Resource-Policy', 'cross-origin');
    if (request.method !== 'OPTIONS' || request.get('access-control-request-method') === undefined) return next();
    reply.set('Access-Control-Allow-Methods', methods);
    reply.set('Access-Control-Allow-Headers', requestHeaders);
    reply.set('Access-Control-Max-Age', '600');
    reply.status(204).end();
  };
};
