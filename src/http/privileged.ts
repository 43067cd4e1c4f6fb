import type { NextFunction, Request } from 'express';
import { isLoopback } from '../client-address.ts';
import { ParleyError } from '../errors.ts';
import { callerOf } from './authenticate.ts';
import type { Reply } from './context.ts';

const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];
/** A page elsewhere can point a name of its own to 127.0.0.1 and have the visitor's browser call it: the Host tells. */
const ownNames = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/** Lets pass an administrator, and whoever calls directly from this machine: not what a proxy on it forwards (S53). */
export const privileged = (request: Request, reply: Reply, next: NextFunction) => {
  const direct =
    isLoopback(request) &&
    forwarding.every(header => request.headers[header] === undefined) &&
    ownNames.test(request.get('host') ?? '');
  if (!direct && callerOf(reply).role !== 'admin')
    throw new ParleyError('forbidden', { message: 'Only an administrator, or a caller on the machine itself.' });
  next();
};
