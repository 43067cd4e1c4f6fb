import type { Response } from 'express';
import type { Actor } from '../actor.ts';
import type { OperationName } from '../protocol/index.ts';

/** What the edge knows of a request, in `response.locals`. */
export interface Context {
  request_id: string;
  /** The client's address. */
  address: string;
  /** By `performance.now()`. */
  started: number;
  /** The Bearer token, verified or not. */
  bearer?: string;
  actor?: Actor;
  /** Why there is no actor. */
  refusal?: unknown;
  /** Set once a route was found. */
  operation?: OperationName;
}

declare global {
  namespace Express {
    interface Locals extends Context {}
  }
}

export type Reply = Response;
