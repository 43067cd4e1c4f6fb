import { expect, test } from 'vitest';
import { routes } from '../../src/client/routes.ts';
import { type OperationName, operationNames, operations } from '../../src/protocol/index.ts';

test.each(Object.entries(routes))('%s goes where the contract says', (name, route) => {
  const { rest } = operations[name as OperationName];
  expect(route).toEqual({ method: rest?.method.toUpperCase(), path: rest?.path, from: rest?.from });
});

test('every operation has a route or a socket command', () => {
  const withoutCommand = operationNames.filter(name => !operations[name].socket);
  expect(Object.keys(routes).sort()).toEqual(withoutCommand.sort());
});
