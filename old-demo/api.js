// @ts-check
/** @import { Input, Output, OperationName } from '../src/protocol/index.ts' */
import { Failure, failureOf, offline } from './failure.js';

const deadlineMs = 15_000;

/**
 * One REST call. Rejects with a Failure only.
 *
 * @param {string} method
 * @param {string} path below /api
 * @param {{ body?: object, token?: string }} [options]
 * @returns {Promise<unknown>}
 */
const call = async (method, path, { body, token } = {}) => {
  const headers = new Headers({ accept: 'application/json' });
  if (body) headers.set('content-type', 'application/json');
  if (token) headers.set('authorization', `Bearer ${token}`);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(deadlineMs),
      cache: 'no-store',
      credentials: 'omit',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError')
      throw new Failure('no_answer', 'The server did not answer in time.', { retryable: true });
    throw offline();
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer;
  if (answer?.error?.code) throw failureOf(answer.error);
  throw new Failure('odd_answer', `The server could not be asked (status ${response.status}).`, {
    retryable: response.status >= 500,
  });
};

/**
 * The REST routes that the page needs; everything else goes over the socket.
 *
 * @template {OperationName} N
 * @typedef {{ input: Input<N>, output: Promise<Output<N>> }} Of
 */
export const api = {
  /** @param {Of<'account:register'>['input']} body @returns {Of<'account:register'>['output']} */
  register: body => /** @type {Of<'account:register'>['output']} */ (call('POST', '/user/v1/register', { body })),

  /** @param {Of<'account:login'>['input']} body @returns {Of<'account:login'>['output']} */
  login: body => /** @type {Of<'account:login'>['output']} */ (call('POST', '/user/v1/login', { body })),

  /** @param {string} token the refresh token @returns {Of<'account:refresh'>['output']} */
  refresh: token => /** @type {Of<'account:refresh'>['output']} */ (call('PUT', '/user/v1/refresh-token', { token })),

  /** @param {string} token @returns {Of<'account:logout'>['output']} */
  logout: token => /** @type {Of<'account:logout'>['output']} */ (call('DELETE', '/user/v1/logout', { token })),

  /** @param {string} token @param {string} q @returns {Of<'user:search'>['output']} */
  people: (token, q) =>
    /** @type {Of<'user:search'>['output']} */ (
      call('GET', `/user/v1/search?${new URLSearchParams({ q, limit: '20' })}`, { token })
    ),
};
