import { randomBytes } from 'node:crypto';
import type { Actor } from '../actor.ts';
import { ParleyError } from '../errors.ts';
import { type Clock, isoDate } from '../ports/clock.ts';
import type { Cluster, Notices } from '../ports/cluster.ts';
import type { SessionRow, SessionStore, UserRow } from '../ports/storage.ts';
import { createRecent } from './recent.ts';
import type { Tokens } from './tokens.ts';

export interface SignedIn {
  token: string;
  refresh_token: string;
  /** Seconds until `token` expires. */
  expires_in: number;
}

type EndReason = Notices['sessions:revoked']['reason'];

export interface Sessions {
  /**
   * Whose an access token is, and when it expires (milliseconds since 1970). Throws `unauthenticated`, `token_expired`, `signed_out`
   * where the session is over, and `unavailable` where that could not be learnt for 30 s.
   */
  authenticate(token: string): Promise<{ actor: Actor; expires_at: number }>;
  /** Asks the store, whatever is remembered. Throws `unavailable`. */
  isLive(session_id: string): Promise<boolean>;
  /** Throws `not_found` where the account was erased meanwhile. */
  open(user: Pick<UserRow, 'id'>, user_agent: string | undefined): Promise<SignedIn & { session_id: string }>;
  /** Exchanges a refresh token. Throws `unauthenticated` or `signed_out`; one that was used before ends the session. */
  refresh(refresh_token: string): Promise<SignedIn>;
  list(user_id: string): Promise<SessionRow[]>;
  /** Ends sessions in the store and everywhere; returns the ids of those that were live. */
  revoke(which: Parameters<SessionStore['revoke']>[0]): Promise<string[]>;
  /** Tells all instances that these are over; the store knows already. */
  announceEnd(session_ids: string[], reason: EndReason): void;
  close(): void;
}

/** Milliseconds for which a refresh token that was just used is answered with its successor (two tabs, a lost response). */
export const rotationGraceMs = 10_000;
/** Milliseconds for which a session's last check holds; from half of it on it is checked again in passing. */
export const trustedMs = 30_000;
/** Milliseconds that a check may take before the store counts as not answering. */
const checkDeadlineMs = 3_000;
/** About 20 MB. */
const maxRemembered = 50_000;

interface Checked {
  actor: Actor;
  session_expires_at: number;
  checked_at: number;
}

const newSessionId = () => randomBytes(12).toString('base64url');

export const createSessions = ({
  sessions,
  cluster,
  clock,
  tokens,
}: {
  sessions: SessionStore;
  cluster: Pick<Cluster, 'notify' | 'on'>;
  clock: Clock;
  tokens: Tokens;
}): Sessions => {
  const remembered = createRecent<Checked>(maxRemembered);
  const checking = new Map<string, Promise<Checked | undefined>>();
  /** Rises with every notice: what was read before one is not remembered after it. */
  let notices = 0;

  const forget = (drop: () => void) => {
    notices++;
    checking.clear();
    drop();
  };
  const stop = [
    cluster.on('sessions:revoked', ({ session_ids }) =>
      forget(() => {
        for (const id of session_ids) remembered.delete(id);
      }),
    ),
    cluster.on('user:changed', ({ user_id }) =>
      forget(() => remembered.deleteWhere(({ actor }) => actor.user_id === user_id)),
    ),
  ];

  const check = async (id: string): Promise<Checked | undefined> => {
    const before = notices;
    // The beginning counts: a process that was frozen while the answer was on its way holds an old answer.
    const checked_at = clock.now();
    const found = await answered(sessions.find(id));
    const checked = found && { actor: actorOf(found), session_expires_at: Date.parse(found.expires_at), checked_at };
    if (before === notices) {
      if (checked) remembered.set(id, checked);
      else remembered.delete(id);
    }
    return checked;
  };

  /** One check of a session at a time, however many ask. */
  const checkOnce = (id: string): Promise<Checked | undefined> => {
    const running = checking.get(id);
    if (running) return running;
    const started = check(id).finally(() => {
      if (checking.get(id) === started) checking.delete(id);
    });
    checking.set(id, started);
    return started;
  };

  const current = (id: string): Checked | undefined | Promise<Checked | undefined> => {
    const last = remembered.get(id);
    const now = clock.now();
    const age = last ? now - last.checked_at : Number.POSITIVE_INFINITY;
    // One that has expired may have been prolonged by a rotation since.
    if (!last || age < 0 || age > trustedMs || last.session_expires_at <= now) return checkOnce(id);
    // A failure in passing is nobody's yet: whoever asks after `trustedMs` is told.
    if (age > trustedMs / 2) checkOnce(id).catch(() => undefined);
    return last;
  };

  const announceEnd = (session_ids: string[], reason: EndReason) => {
    if (session_ids.length > 0) cluster.notify('sessions:revoked', { session_ids, reason });
  };

  const signedIn = (user_id: string, id: string, generation: number): SignedIn => ({
    ...tokens.access(user_id, id),
    refresh_token: tokens.refresh(id, generation),
  });

  const expiry = () => isoDate(clock.now() + tokens.refreshTtlSeconds * 1_000);

  return {
    announceEnd,

    async authenticate(token) {
      const { user_id, session_id, expires_at } = tokens.verifyAccess(token);
      const found = current(session_id);
      const checked = found instanceof Promise ? await found : found;
      if (checked?.actor.user_id !== user_id || checked.session_expires_at <= clock.now()) {
        throw new ParleyError('signed_out');
      }
      return { actor: checked.actor, expires_at };
    },

    isLive: async id => (await check(id)) !== undefined,

    async open({ id: user_id }, user_agent = '') {
      const id = newSessionId();
      const now = isoDate(clock.now());
      const times = { created_at: now, last_seen_at: now, expires_at: expiry() };
      await sessions.create({ id, user_id, ...times, user_agent: user_agent.toWellFormed().slice(0, 255) });
      return { session_id: id, ...signedIn(user_id, id, 0) };
    },

    async refresh(refresh_token) {
      const { session_id, generation } = tokens.verifyRefresh(refresh_token);
      const seen_at = isoDate(clock.now());
      const rotated = await sessions.rotate(session_id, generation, rotationGraceMs, seen_at, expiry());
      switch (rotated.outcome) {
        case 'rotated':
        case 'grace':
          return signedIn(rotated.session.user_id, session_id, rotated.generation);
        case 'replayed':
          announceEnd([session_id], 'signed_out');
          throw new ParleyError('signed_out');
        case 'absent':
          throw new ParleyError('signed_out');
      }
    },

    list: user_id => sessions.ofUser(user_id),

    async revoke(which) {
      const ended = await sessions.revoke(which);
      announceEnd(ended, 'signed_out');
      return ended;
    },

    close() {
      for (const off of stop) off();
    },
  };
};

const actorOf = ({ id, user }: SessionRow & { user: UserRow }): Actor => ({
  user_id: user.id,
  session_id: id,
  role: user.role,
  username: user.username,
  full_name: user.full_name,
});

const answered = <T>(reading: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ParleyError('unavailable')), checkDeadlineMs);
  });
  return Promise.race([reading, late]).finally(() => clearTimeout(timer));
};
