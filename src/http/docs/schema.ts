import { z } from 'zod';
import { errorCatalogue } from '../../protocol/index.ts';

/** A part of the contract as JSON Schema; the rules that it cannot express (one of several fields) are left out. */
export const jsonSchema = (schema: z.ZodType): z.core.JSONSchema.BaseSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return rest;
};

type ObjectSchema = z.core.JSONSchema.BaseSchema & {
  properties?: Record<string, z.core.JSONSchema._JSONSchema>;
  required?: string[];
};

/** Of an input, which is always an object. */
export const schemaOf = (schema: z.ZodType): ObjectSchema => jsonSchema(schema);

export const errorSchema = {
  type: 'object',
  required: ['code', 'message', 'retryable', 'request_id'],
  properties: {
    code: { enum: Object.keys(errorCatalogue) },
    message: { type: 'string' },
    retryable: { type: 'boolean', description: 'The same request may be sent again and may then succeed.' },
    retry_after_ms: { type: 'integer' },
    details: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
    request_id: { type: 'string' },
  },
};
