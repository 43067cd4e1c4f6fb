import type { z } from 'zod';
import type { Actor } from './actor.ts';
import { errorBody, ParleyError } from './errors.ts';
import {
  type ErrorBody,
  errorCatalogue,
  type Input,
  type LimitClass,
  type OperationName,
  type Output,
  operations,
} from './protocol/index.ts';
import { createRandomText } from './random-text.ts';

/** The socket that a command came on. */
export interface Connection {
  id: string;
  /** Its access token now expires at this time (milliseconds since 1970). */
  setExpiry(at: number): void;
}

/** What an edge knows of a call beside its input. */
export interface Call {
  request_id: string;
  /** The client's address, the real one where a trusted proxy names it. */
  address: string;
  user_agent?: string;
  /** On a socket only. */
  connection?: Connection;
  /** The Bearer token of an operation whose `auth` is `refresh`. */
  refresh_token?: string;
}

/** A rule: the caller first. Operations with `auth: 'none'` or `'refresh'` have no actor. */
export type Handler<N extends OperationName> = (
  actor: (typeof operations)[N]['auth'] extends 'access' ? Actor : null,
  input: Input<N>,
  call: Call,
) => Output<N> | Promise<Output<N>>;

export type Handlers<N extends OperationName = OperationName> = { [K in N]: Handler<K> };

export type Result<T = unknown> = { ok: true; data: T } | { ok: false; error: ErrorBody };

/** Told of every call that ended; `ms` is its duration, `cause` what an `internal` error really was. */
export type Observe = (
  name: OperationName,
  outcome: 'ok' | ErrorBody['code'],
  facts: { ms: number; request_id: string; user_id?: string; cause?: unknown },
) => void;

export type Invoke = (name: OperationName, actor: Actor | null, input: unknown, call: Call) => Promise<Result>;

/** Milliseconds after which a command is answered with `unknown_outcome`, whatever it waits for (faults: an answer within 5 s). */
export const commandDeadlineMs = 5_000;

/** Checks the budget of a caller: 0, or milliseconds to wait. */
export type Charge = (limit: LimitClass, actor: Actor | null, call: Call) => number | Promise<number>;

export interface InvokeParts {
  handlers: Handlers;
  charge: Charge;
  /** Milliseconds to wait where the server sheds this class of work, else 0. */
  shed: (limit: LimitClass) => number;
  observe: Observe;
}

/** 96 random bits. */
export const newRequestId = createRandomText(16);

/** The one way in, for REST and sockets: parse, charge, call; never rejects. */
export const createInvoke =
  ({ handlers, charge, shed, observe }: InvokeParts): Invoke =>
  async (name, actor, input, call) => {
    const started = performance.now();
    const facts = () => ({ ms: performance.now() - started, request_id: call.request_id, user_id: actor?.user_id });
    try {
      const data = await withDeadline(run(name, actor, input, call));
      observe(name, 'ok', facts());
      return { ok: true, data };
    } catch (error) {
      const body = errorBody(error, call.request_id);
      const cause = error instanceof ParleyError ? error.cause : error;
      observe(name, body.code, { ...facts(), cause });
      return { ok: false, error: body };
    }

    async function run(...[operationName]: [OperationName, Actor | null, unknown, Call]) {
      const { limit, auth, input: schema } = operations[operationName];
      if (auth === 'access' && !actor) throw new ParleyError('unauthenticated');
      refuse('overloaded', shed(limit));
      const wait = charge(limit, actor, call);
      refuse('rate_limited', typeof wait === 'number' ? wait : await wait);
      const handler = handlers[operationName] as (a: Actor | null, i: unknown, c: Call) => unknown;
      return await handler(actor, parse(schema, input), call);
    }
  };

const refuse = (code: 'overloaded' | 'rate_limited', retry_after_ms: number) => {
  if (retry_after_ms > 0) throw new ParleyError(code, { retry_after_ms });
};

/** A command that got no input at all is one with an empty input. */
const parse = (schema: z.ZodType, input: unknown): unknown => {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  throw new ParleyError('invalid_input', { ...describe(parsed.error) });
};

const describe = (error: z.ZodError) => {
  const details: Record<string, string> = {};
  for (const issue of error.issues.slice(0, 10)) {
    const field =
      issue.path
        .slice(0, 4)
        .map(part => String(part).slice(0, 60))
        .join('.') || 'input';
    details[field] ??= issue.message;
  }
  const [first] = Object.entries(details);
  return { message: first ? `${first[0]}: ${first[1]}` : errorCatalogue.invalid_input.meaning, details };
};

/** A race by hand: this runs for every command, and an error is dear to make (its stack) while it is hardly ever needed. */
const withDeadline = <T>(work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ParleyError('unknown_outcome')), commandDeadlineMs);
    work.then(
      data => {
        clearTimeout(timer);
        resolve(data);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
