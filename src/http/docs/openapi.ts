import type { z } from 'zod';
import {
  authErrors,
  commonErrors,
  type ErrorCode,
  errorCatalogue,
  type OperationName,
  operationNames,
  operations,
  type Route,
} from '../../protocol/index.ts';
import { errorSchema, jsonSchema, schemaOf } from './schema.ts';

/** The REST half of the contract as OpenAPI 3.1. Nothing in it is written by hand but what HTTP adds. */
export const openApi = () => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of operationNames) {
    const { rest } = operations[name];
    if (rest) paths[`/api${rest.path}`] = { ...paths[`/api${rest.path}`], [rest.method]: operationOf(name, rest) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parley',
      version: '1',
      description:
        'A body is the output itself, without an envelope; an error is {"error": {...}} with a code of the catalogue.',
    },
    paths,
    components: {
      securitySchemes: {
        access: { type: 'http', scheme: 'bearer', description: 'An access token.' },
        refresh: { type: 'http', scheme: 'bearer', description: 'A refresh token.' },
      },
      schemas: { Error: { type: 'object', required: ['error'], properties: { error: errorSchema } } },
    },
  };
};

const operationOf = (name: OperationName, route: Route) => {
  const { summary, input, output, auth } = operations[name];
  const { properties = {}, required = [], ...rest } = schemaOf(input);
  const inPath = new Set([...route.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field ?? ''));
  const others = Object.entries(properties).filter(([field]) => !inPath.has(field));
  const parameter = (place: 'path' | 'query') => (field: string) => ({
    name: field,
    in: place,
    required: place === 'path' || required.includes(field),
    schema: properties[field],
  });
  const fields = others.map(([field]) => field);
  const requiredInBody = required.filter(field => fields.includes(field));
  return {
    operationId: name,
    summary,
    tags: [route.path.split('/')[1]],
    security: auth === 'none' ? [] : [{ [auth]: [] }],
    parameters: [
      ...[...inPath].map(parameter('path')),
      ...(route.from === 'query' ? fields.map(parameter('query')) : []),
    ],
    ...(route.from === 'body' &&
      fields.length > 0 && {
        requestBody: {
          required: requiredInBody.length > 0,
          content: json({ ...rest, properties: Object.fromEntries(others), required: requiredInBody }),
        },
      }),
    responses: {
      [route.status ?? 200]: { description: 'Done.', content: json(jsonSchema(output)) },
      ...refusals(name),
    },
  };
};

const refusals = (name: OperationName) => {
  const { auth, errors } = operations[name];
  const codes: ErrorCode[] = [...(auth === 'none' ? [] : authErrors), ...errors, ...commonErrors];
  const statuses = new Set(codes.map(code => errorCatalogue[code].status));
  return Object.fromEntries(
    [...statuses].map(status => {
      const several = codes.filter(code => errorCatalogue[code].status === status);
      const description = several.map(code => `${code}: ${errorCatalogue[code].meaning}`).join(' ');
      return [status, { description, content: json({ $ref: '#/components/schemas/Error' }) }];
    }),
  );
};

const json = (schema: z.core.JSONSchema.BaseSchema | { $ref: string }) => ({ 'application/json': { schema } });
