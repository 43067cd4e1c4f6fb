import { randomBytes } from 'node:crypto';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { ErrorBody, Input, Message, OperationName, Output } from '../../src/protocol/index.ts';

type At = { url: string };

export const password = 'correct horse 1';

/** A username that no other test has. */
export const someName = (prefix = 'u') => `${prefix}${randomBytes(6).toString('hex')}`.slice(0, 20);

export const clientId = () => randomBytes(9).toString('base64url');

/** An HTTP answer whose body was read. */
export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
  /** The error of the catalogue, where it is one. */
  error?: ErrorBody;
}

/** REST as curl would speak it: `api(server, token)('POST', '/message/v1/send', {...})`. Paths are below `/api`. */
export const api =
  (server: At, token?: string) =>
  async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> => {
    const response = await fetch(`${server.url}/api${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, body: json, error: json?.error };
  };

export interface Person {
  id: string;
  username: string;
  full_name: string;
  password: string;
  token: string;
  refresh_token: string;
}

/** Registers and signs in. */
export const signUp = async (server: At, username = someName()): Promise<Person> => {
  const full_name = `Full ${username}`.slice(0, 80);
  const registered = await api(server)('POST', '/user/v1/register', { username, password, full_name });
  if (registered.status !== 201) throw new Error(`register: ${JSON.stringify(registered.body)}`);
  return signIn(server, username);
};

/** Opens another session. */
export const signIn = async (server: At, username: string): Promise<Person> => {
  const { status, body } = await api(server)<Output<'account:login'>>('POST', '/user/v1/login', { username, password });
  if (status !== 200) throw new Error(`login: ${JSON.stringify(body)}`);
  return { ...body, password };
};

export type ClientOptions = Partial<ManagerOptions & SocketOptions> & { namespace?: string };

/** A stock client that does not come back by itself unless told so; resolves once it is connected. Disconnect it, or the server's close takes it. */
export const connect = async (server: At, token: string, options: ClientOptions = {}): Promise<Socket> => {
  const socket = socketOf(server, token, options);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', error => {
      socket.disconnect();
      reject(error);
    });
    socket.connect();
  });
  return socket;
};

/** A stock client that is not connected yet. */
export const socketOf = (server: At, token: string, { namespace = '/', auth, ...options }: ClientOptions = {}) =>
  io(`${server.url}${namespace}`, {
    autoConnect: false,
    forceNew: true,
    reconnection: false,
    transports: ['websocket'],
    auth: { token, ...auth },
    ...options,
  });

export type AckResult<T> = { ok: true; data: T } | { ok: false; error: ErrorBody };

/** Sends a command and resolves with what its acknowledgement says. */
export const emit = <N extends OperationName>(
  socket: Socket,
  name: N,
  input: Input<N>,
  deadlineMs = 10_000,
): Promise<AckResult<Output<N>>> => socket.timeout(deadlineMs).emitWithAck(name, input);

/** Like `emit`, for a command that must succeed: resolves with its data. */
export const command = async <N extends OperationName>(
  socket: Socket,
  name: N,
  input: Input<N>,
): Promise<Output<N>> => {
  const result = await emit(socket, name, input);
  if (result.ok) return result.data;
  throw new Error(`${name}: ${JSON.stringify(result.error)}`);
};

/** The next event of this name that satisfies the predicate. Ask before you cause it. */
export const next = <T = Record<string, unknown>>(
  socket: Socket,
  event: string,
  predicate: (payload: T) => boolean = () => true,
  deadlineMs = 5_000,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const listener = (payload: T) => {
      if (!predicate(payload)) return;
      stop();
      resolve(payload);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`no ${event} within ${deadlineMs} ms`));
    }, deadlineMs);
    const stop = () => {
      clearTimeout(timer);
      socket.off(event, listener);
    };
    socket.on(event, listener);
  });

/** Polls until it holds; for states that no event announces. */
export const until = async (holds: () => boolean | Promise<boolean>, deadlineMs = 5_000): Promise<void> => {
  const end = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`still not so after ${deadlineMs} ms`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
};

/** Every message of the lobby, in order, page by page. */
export const wholeHistory = async (at: At, { token }: Pick<Person, 'token'>): Promise<Message[]> => {
  const items: Message[] = [];
  for (let after = 0; ; after = items.at(-1)?.seq ?? 0) {
    const path = `/message/v1/history?after=${after}&limit=100`;
    const { body } = await api(at, token)<Output<'message:history'>>('GET', path);
    items.push(...body.items);
    if (body.items.length === 0) return items;
  }
};
