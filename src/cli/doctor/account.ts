import { randomBytes } from 'node:crypto';
import { messageOf } from './finding.ts';
import { type Answer, describe, fieldOf, type Probe, Unanswered } from './probe.ts';

/** Who the doctor is, where it was told. */
export type Credentials = { username: string; password: string } | { token: string };

/** Nobody to be signed in as: checks that need it are skipped. */
export class NoAccount extends Error {
  override readonly name = 'NoAccount';
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

export interface Account {
  /** An access token, got once. Rejects with `NoAccount`. */
  token(): Promise<string>;
  /** How often an instance did not know the account that another had just made. */
  strangers(): number;
  /** A conversation that was made on the way, to be deleted by `release`. */
  made(conversation_id: string): void;
  /** Takes back whatever was done, also halfway; resolves with what could not be. */
  release(): Promise<string[]>;
}

/** So often is asked again where only some of the instances know the account: one in three would be found with 99 %. */
const tries = 12;
/** More of what must not be left behind, as two requests have to find the same instance there. */
const releaseTries = 30;

const remedies = {
  given: 'Give the name and the password of an account that can sign in (--user NAME --password-stdin).',
  open: 'Registering a throw-away account must work, or give an account: --user NAME --password-stdin.',
  stores: 'All instances must have the same MYSQL_URL and MONGODB_URI: each of them has a database of its own now.',
};

/**
 * `after` is how the deployment is reached when the run was ended, so that nothing stays behind. `credentials` are not sent
 * where `trusted` is false, as nobody knows who would read them.
 */
export const createAccount = (parts: {
  probe: Probe;
  after: () => Probe;
  credentials?: Credentials;
  trusted: boolean;
}): Account => {
  const { probe, after, credentials, trusted } = parts;
  const throwAway = {
    username: `doctor-${randomBytes(6).toString('hex')}`,
    password: randomBytes(18).toString('base64url'),
  };
  const conversations: string[] = [];
  let registered: 'no' | 'perhaps' | 'yes' = 'no';
  let strangers = 0;
  let token: string | undefined;
  let pending: Promise<string> | undefined;

  const call = (by: Probe, method: string, path: string, body?: unknown, bearer?: string) =>
    by.patiently(`/api${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  const tokenOf = (answer: Answer) => {
    const told = answer.status === 200 ? fieldOf(answer.json, 'token') : undefined;
    return typeof told === 'string' ? told : undefined;
  };

  const signIn = async (by: Probe, who: { username: string; password: string }) => {
    const answer = await call(by, 'POST', '/user/v1/login', who);
    return { answer, token: tokenOf(answer) };
  };

  const register = async () => {
    registered = 'perhaps';
    const answer = await call(probe, 'POST', '/user/v1/register', { ...throwAway, full_name: 'parley doctor' });
    if (answer.status !== 201) {
      if (answer.status < 500) registered = 'no';
      throw new NoAccount(`registering answered ${describe(answer)}`, remedies.open);
    }
    registered = 'yes';
    for (; strangers < tries; strangers += 1) {
      const { answer: told, token: signedIn } = await signIn(probe, throwAway);
      if (signedIn !== undefined) return signedIn;
      if (told.error !== 'invalid_credentials')
        throw new NoAccount(`signing in answered ${describe(told)}`, remedies.open);
    }
    throw new NoAccount('the account just registered is not known', remedies.stores);
  };

  const obtain = async () => {
    if (!credentials) return register();
    if (!trusted) throw new NoAccount('nothing secret is sent to a server without a valid certificate', 'See tls.');
    if ('token' in credentials) return credentials.token;
    const { answer, token: signedIn } = await signIn(probe, credentials);
    if (signedIn === undefined) throw new NoAccount(`signing in answered ${describe(answer)}`, remedies.given);
    return signedIn;
  };

  /** Each try may be another instance's; rejects where none did it. */
  const insist = async (what: () => Promise<Answer | undefined>): Promise<void> => {
    let last = 'it was not answered';
    for (let tried = 0; tried < releaseTries; tried += 1) {
      const answer = await what().catch((error: unknown) => {
        if (!(error instanceof Unanswered)) throw error;
        last = error.message;
      });
      if (answer && (answer.status < 300 || answer.error === 'not_found')) return;
      if (answer) last = describe(answer);
    }
    throw new Error(last);
  };

  const erase = async (by: Probe) => {
    let known = false;
    const eraseOnce = async () => {
      token ??= (await signIn(by, throwAway)).token;
      known ||= token !== undefined;
      if (token === undefined) return undefined;
      const answer = await call(by, 'DELETE', '/user/v1/account', { password: throwAway.password }, token);
      // Another instance than the one that signed in. By chance, so that no balancer's turn is met again and again.
      if (answer.status === 401 && Math.random() < 0.5) token = undefined;
      return answer;
    };
    await insist(eraseOnce).catch((error: unknown) => {
      // Whoever registered and was not answered may never have been there.
      if (known || registered === 'yes') throw error;
    });
  };

  return {
    token() {
      pending ??= obtain().then(obtained => {
        token = obtained;
        return obtained;
      });
      return pending;
    },
    strangers: () => strangers,
    made: conversation_id => void conversations.push(conversation_id),
    async release() {
      const left: string[] = [];
      const by = after();
      const undo = (what: string, how: () => Promise<void>) =>
        how().catch((error: unknown) => void left.push(`${what}: ${messageOf(error)}`));
      // A request that is on its way when the run ends may still have registered.
      await pending?.catch(() => undefined);
      for (const id of conversations)
        await undo(`the group ${id} could not be deleted`, () =>
          insist(() => call(by, 'DELETE', `/conversation/v1/${id}`, undefined, token)),
        );
      if (registered !== 'no') await undo(`the account ${throwAway.username} could not be erased`, () => erase(by));
      else if (token !== undefined && credentials && 'username' in credentials)
        await undo('the session could not be ended', () =>
          insist(() => call(by, 'DELETE', '/user/v1/logout', undefined, token)),
        );
      return left;
    },
  };
};
