import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createAccountHandlers } from '../../src/accounts/handlers.ts';
import { createPasswords } from '../../src/accounts/passwords.ts';
import { createPeople } from '../../src/accounts/people.ts';
import { createSessions } from '../../src/accounts/sessions.ts';
import { createTokens } from '../../src/accounts/tokens.ts';
import { createMemoryCluster } from '../../src/cluster/memory.ts';
import type { Call } from '../../src/invoke.ts';
import type { Notices } from '../../src/ports/cluster.ts';
import type { UserStore } from '../../src/ports/storage.ts';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';

export const secret = 'a secret of the tests, 32 bytes or more';
export const password = 'correct horse battery';

export const call: Call = { request_id: 'r', address: '127.0.0.1', user_agent: 'tests' };
export const withRefresh = (refresh_token: string): Call => ({ ...call, refresh_token });

/** A clock that a test moves; it runs besides, as the store's does. */
export const movableClock = () => {
  let ahead = 0;
  return { now: () => Date.now() + ahead, advance: (ms: number) => (ahead += ms) };
};

type Parts = Parameters<typeof createAccountHandlers>[0];

/** The accounts feature over a real store; bcrypt is cheap unless a test is about its cost. */
export const startAccounts = async ({
  cost = 4,
  loginLimit = 'off',
  wrapUsers = users => users,
  ...hooks
}: {
  cost?: number;
  loginLimit?: Parts['settings']['loginLimit'];
  wrapUsers?: (users: UserStore) => UserStore;
} & Partial<Pick<Parts, 'onRegistered' | 'onErased'>> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-accounts-'));
  const file = join(folder, 'parley.db');
  const storage = await openSqliteStorage({ file });
  const clock = movableClock();
  const cluster = createMemoryCluster({ instance_id: 'test', clock });
  const tokens = createTokens({ secret, accessTtlSeconds: 900, refreshTtlSeconds: 86_400, clock });
  const sessions = createSessions({ sessions: storage.sessions, cluster, clock, tokens });
  const people = createPeople({ users: storage.users, cluster, clock });
  const revoked: Notices['sessions:revoked'][] = [];
  cluster.on('sessions:revoked', notice => revoked.push(notice));
  const recorded: { event: string; facts: Record<string, unknown> }[] = [];
  const handlers = createAccountHandlers({
    users: wrapUsers(storage.users),
    sessions,
    passwords: createPasswords({ cost }),
    cluster,
    clock,
    settings: { passwordMinLength: 8, loginLimit },
    onRegistered: async () => undefined,
    onErased: async () => undefined,
    record: (event, facts) => recorded.push({ event, facts }),
    ...hooks,
  });
  onTestFinished(async () => {
    sessions.close();
    people.close();
    await cluster.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  });

  const register = async (username: string, over: { full_name?: string; email?: string; password?: string } = {}) =>
    (await handlers['account:register'](null, { username, password, full_name: 'Some Body', ...over }, call)).data;
  const login = async (username: string, secretWord = password) =>
    await handlers['account:login'](null, { username, password: secretWord }, call);
  const refresh = async (token: string) => await handlers['account:refresh'](null, {}, withRefresh(token));
  /** Registers and signs in. */
  const signUp = async (username: string) => {
    await register(username);
    const signedIn = await login(username);
    const { actor } = await sessions.authenticate(signedIn.token);
    return { ...signedIn, actor };
  };
  return {
    storage,
    file,
    clock,
    cluster,
    tokens,
    sessions,
    people,
    handlers,
    revoked,
    recorded,
    register,
    login,
    refresh,
    signUp,
  };
};
