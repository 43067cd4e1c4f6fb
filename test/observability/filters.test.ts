import { expect, test } from 'vitest';
import { errorFilter, metadataFilter, spanFilter, transactionFilter } from '../../src/observability/apm/filters.ts';

/** As the agent would make them, had it been told to collect all it can. */
const greedy = {
  request: { url: { raw: '/api/x?q=canary' }, headers: { authorization: 'Bearer canary' }, body: 'canary' },
  response: { headers: { 'set-cookie': 'canary' } },
  custom: { canary: 'canary' },
  message: { body: 'canary' },
  db: { statement: "SELECT 'canary'" },
  http: { url: 'http://other/canary' },
};
const kept = { tags: { outcome: 'ok' } };

test.each([
  ['transaction', transactionFilter, { user: { id: 'u' }, ...kept }],
  ['span', spanFilter, { service: { target: { type: 'mysql' } }, destination: { service: {} }, ...kept }],
  ['error', errorFilter, { user: { id: 'u' }, ...kept }],
] as const)('of a %s no more leaves than its names, ids, times and labels', (_kind, filter, context) => {
  const event = { id: '1', name: 'message:send', duration: 2 };
  expect(filter({ ...event, context: { ...greedy, ...context } })).toEqual({ ...event, context });
  expect(filter({ ...event })).toEqual(event);
});

test('an exception leaves without its fields, and without what its text quotes', () => {
  const exception = {
    message: 'Duplicate entry "canary" for key',
    type: 'Error',
    stacktrace: [{ function: 'f' }],
    attributes: { sql: 'INSERT canary' },
  };
  expect(errorFilter({ exception })).toEqual({
    exception: { message: 'Duplicate entry […] for key', type: 'Error', stacktrace: [{ function: 'f' }] },
  });
});

test('arguments of the command line stay here', () => {
  expect(metadataFilter({ process: { pid: 1, argv: ['node', '--password=canary'] } })).toEqual({ process: { pid: 1 } });
});
