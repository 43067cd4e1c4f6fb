import { expect, test } from 'vitest';
import { routes, sourceOf } from '../../src/client/routes.ts';
import { type OperationName, operationNames, operations } from '../../src/protocol/index.ts';

test.each(Object.entries(routes))('%s goes where the contract says', (name, route) => {
  const { rest } = operations[name as OperationName];
  expect(route).toBe(`${rest?.method.toUpperCase()} ${rest?.path}`);
  const inPath = [...(rest?.path ?? '').matchAll(/\{(\w+)\}/g)].map(match => match[1]);
  const others = Object.keys(operations[name as OperationName].input.shape).filter(field => !inPath.includes(field));
  if (others.length > 0) expect(sourceOf(route.split(' ')[0] ?? '')).toBe(rest?.from);
});

test('every operation has a route or a socket command', () => {
  const withoutCommand = operationNames.filter(name => !operations[name].socket);
  expect(Object.keys(routes).sort()).toEqual(withoutCommand.sort());
});
