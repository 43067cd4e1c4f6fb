import { isUtf8 } from 'node:buffer';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { ParleyError } from '../errors.ts';
import { invalidInput } from './errors.ts';

/** Parses a JSON body, in an object or nothing. A body of another kind is refused, not ignored. */
export const createReadBody = (maxBytes: number): RequestHandler => {
  const parse = express.json({
    limit: maxBytes,
    strict: true,
    // A compressed body may be a thousand times what it seems.
    inflate: false,
    type: () => true,
    verify: (_request, _reply, bytes) => {
      if (!isUtf8(bytes)) throw new Error('not UTF-8');
    },
  });
  return (request: Request, reply: Response, next: NextFunction) => {
    const { 'content-length': length, 'transfer-encoding': encoding, 'content-type': type } = request.headers;
    if (encoding === undefined && Number(length ?? 0) === 0) return next();
    if (!/^application\/json *(;|$)/i.test(type ?? '')) return next(new ParleyError('unsupported_media_type'));
    parse(request, reply, next);
  };
};

/** The body as fields; an absent one has none. */
export const fieldsOfBody = (body: unknown): Record<string, unknown> => {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalidInput('body', 'must be an object');
  return body as Record<string, unknown>;
};

export type ReadQuery = (query: Record<string, unknown>) => Record<string, unknown>;

/**
 * A query holds texts only: those of fields that the contract has as number or boolean are turned into such where they
 * are one, and else left for the contract to refuse.
 */
export const createReadQuery = (input: z.ZodType): ReadQuery => {
  const { properties = {} } = z.toJSONSchema(input, { unrepresentable: 'any', io: 'input' });
  const types = new Map(
    Object.entries(properties).map(
      ([field, schema]) => [field, typeof schema === 'object' ? schema.type : undefined] as const,
    ),
  );
  return query =>
    Object.fromEntries(
      Object.entries(query).map(([field, text]) => [
        field,
        typeof text === 'string' ? convert(text, types.get(field)) : text,
      ]),
    );
};

const convert = (text: string, type: unknown): unknown => {
  if ((type === 'integer' || type === 'number') && /^-?\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
};
