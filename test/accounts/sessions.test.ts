import { readFile } from 'node:fs/promises';
import Libsql from 'libsql';
import { describe, expect, test } from 'vitest';
import { createSessions, rotationGraceMs } from '../../src/accounts/sessions.ts';
import { ParleyError } from '../../src/errors.ts';
import type { SessionStore } from '../../src/ports/storage.ts';
import { call, password, startAccounts } from './parts.ts';

const signedOut = { code: 'signed_out' };

describe('rotation', () => {
  test('a refresh gives new tokens of the same session', async () => {
    const { signUp, refresh, sessions } = await startAccounts();
    const first = await signUp('anna');
    const second = await refresh(first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.expires_in).toBe(900);
    expect((await sessions.authenticate(second.token)).actor).toEqual(first.actor);
  });

  test('[S06] two refreshes at once get the same successor, and so does one within the grace', async () => {
    const { signUp, refresh, revoked } = await startAccounts();
    const { refresh_token } = await signUp('anna');
    const [a, b] = await Promise.all([refresh(refresh_token), refresh(refresh_token)]);
    expect(a.refresh_token).toBe(b.refresh_token);
    expect((await refresh(refresh_token)).refresh_token).toBe(a.refresh_token);
    expect(revoked).toEqual([]);
  });

  test('[S05] a replay of an older generation ends the session everywhere, with its newest tokens', async () => {
    const { signUp, refresh, revoked, sessions } = await startAccounts();
    const first = await signUp('anna');
    const second = await refresh(first.refresh_token);
    const third = await refresh(second.refresh_token);
    await sessions.authenticate(third.token);
    await expect(refresh(first.refresh_token)).rejects.toMatchObject(signedOut);
    expect(revoked).toEqual([{ session_ids: [first.actor.session_id], reason: 'signed_out' }]);
    await expect(sessions.authenticate(third.token)).rejects.toMatchObject(signedOut);
    await expect(refresh(third.refresh_token)).rejects.toMatchObject(signedOut);
  });

  test('[S05] the last generation beyond the grace ends the session', async () => {
    const { signUp, refresh, file, revoked, sessions } = await startAccounts();
    const { refresh_token, actor } = await signUp('anna');
    const next = await refresh(refresh_token);
    // The store's own clock decides, which no test moves: the rotation is put into the past instead.
    const raw = new Libsql(file);
    raw.exec(`UPDATE sessions SET rotated_at = rotated_at - ${rotationGraceMs + 1}`);
    raw.close();
    await expect(refresh(refresh_token)).rejects.toMatchObject(signedOut);
    expect(revoked).toEqual([{ session_ids: [actor.session_id], reason: 'signed_out' }]);
    await expect(sessions.authenticate(next.token)).rejects.toMatchObject(signedOut);
  });

  test('[S11] no token and no part of one is in the database', async () => {
    const { signUp, refresh, storage, file } = await startAccounts();
    const { token, refresh_token } = await signUp('anna');
    const next = await refresh(refresh_token);
    await storage.close();
    const bytes = (await readFile(file)).toString('latin1');
    expect(bytes).toContain('anna');
    for (const one of [token, refresh_token, next.token, next.refresh_token]) {
      for (const part of one.split('.').filter(text => text.length > 16)) expect(bytes).not.toContain(part);
    }
    expect(bytes).not.toContain(password);
  });
});

describe('authentication', () => {
  test('[S07] logout, revocation and a password change end access and refresh at once, whatever was remembered', async () => {
    const { signUp, login, handlers, sessions, refresh, revoked } = await startAccounts();
    const first = await signUp('anna');
    const [second, third] = [await login('anna'), await login('anna')];
    for (const { token } of [second, third]) await sessions.authenticate(token);
    await handlers['account:logout'](first.actor, {}, call);
    await expect(sessions.authenticate(first.token)).rejects.toMatchObject(signedOut);
    await expect(refresh(first.refresh_token)).rejects.toMatchObject(signedOut);

    const { actor } = await sessions.authenticate(second.token);
    const change = { current_password: password, new_password: 'another password' };
    await handlers['account:password'](actor, change, call);
    await expect(sessions.authenticate(third.token)).rejects.toMatchObject(signedOut);
    expect((await sessions.authenticate(second.token)).actor).toEqual(actor);
    await expect(login('anna')).rejects.toMatchObject({ code: 'invalid_credentials' });

    const fourth = await login('anna', 'another password');
    const { actor: fourthActor } = await sessions.authenticate(fourth.token);
    await handlers['session:revoke'](actor, { id: fourthActor.session_id }, call);
    await expect(sessions.authenticate(fourth.token)).rejects.toMatchObject(signedOut);
    expect(revoked.flatMap(({ session_ids }) => session_ids)).toHaveLength(3);
    expect(await sessions.isLive(fourthActor.session_id)).toBe(false);
    expect(await sessions.isLive(actor.session_id)).toBe(true);
  });

  /** Sessions over a store whose `find` a test decides about. */
  const withFind = async (find: (original: SessionStore['find']) => SessionStore['find']) => {
    const parts = await startAccounts();
    const { storage, cluster, clock, tokens } = parts;
    let reads = 0;
    const controlled = find(id => storage.sessions.find(id));
    const store: SessionStore = {
      create: row => storage.sessions.create(row),
      ofUser: id => storage.sessions.ofUser(id),
      liveAmong: ids => storage.sessions.liveAmong(ids),
      rotate: (...args) => storage.sessions.rotate(...args),
      revoke: which => storage.sessions.revoke(which),
      deleteExpired: now => storage.sessions.deleteExpired(now),
      find(id) {
        reads++;
        return controlled(id);
      },
    };
    const sessions = createSessions({ sessions: store, cluster, clock, tokens });
    return { ...parts, sessions, reads: () => reads };
  };

  test('[G9] a session is checked once in a while, not each time; a store that is down is noticed after 30 s', async () => {
    let down = false;
    const { signUp, sessions, clock, reads } = await withFind(find => async id => {
      if (down) throw new ParleyError('unavailable');
      return await find(id);
    });
    const { token } = await signUp('anna');
    for (let i = 0; i < 10; i++) await sessions.authenticate(token);
    expect(reads()).toBe(1);
    down = true;
    clock.advance(29_000);
    await sessions.authenticate(token);
    clock.advance(2_000);
    await expect(sessions.authenticate(token)).rejects.toMatchObject({ code: 'unavailable' });
    down = false;
    await sessions.authenticate(token);
  });

  test('[G9] a store that never answers counts as down', async () => {
    const { signUp, sessions } = await withFind(() => () => new Promise(() => undefined));
    const { token } = await signUp('anna');
    await expect(sessions.authenticate(token)).rejects.toMatchObject({ code: 'unavailable' });
  }, 10_000);

  test('[G9] a check that was under way when the session ended is not remembered', async () => {
    const [read, release] = [signal(), signal()];
    let waits = false;
    const { signUp, sessions, handlers } = await withFind(find => async id => {
      const found = await find(id);
      if (waits) {
        read.give();
        await release.given;
      }
      return found;
    });
    const { token, actor } = await signUp('anna');
    waits = true;
    const early = sessions.authenticate(token);
    await read.given;
    waits = false;
    await handlers['account:logout'](actor, {}, call);
    // Not even one that asks before the old answer arrives joins it.
    await expect(sessions.authenticate(token)).rejects.toMatchObject(signedOut);
    release.give();
    await early;
    await expect(sessions.authenticate(token)).rejects.toMatchObject(signedOut);
  });

  test('a changed name is seen at once', async () => {
    const { signUp, sessions, handlers } = await startAccounts();
    const { token, actor } = await signUp('anna');
    await handlers['account:update'](actor, { full_name: 'Anna B' }, call);
    expect((await sessions.authenticate(token)).actor.full_name).toBe('Anna B');
  });

  test('an expired session is signed out, and is swept', async () => {
    const { signUp, sessions, clock, tokens, storage } = await startAccounts();
    const { actor } = await signUp('anna');
    clock.advance(86_400_000 + 1_000);
    const { token } = tokens.access(actor.user_id, actor.session_id);
    await expect(sessions.authenticate(token)).rejects.toMatchObject(signedOut);
    await storage.sessions.deleteExpired(new Date(clock.now()).toISOString());
    expect(await storage.sessions.find(actor.session_id)).toBeUndefined();
  });

  test('a token whose user and session do not belong together is refused', async () => {
    const { signUp, sessions, tokens } = await startAccounts();
    const [anna, bert] = [await signUp('anna'), await signUp('bert')];
    const { token } = tokens.access(anna.actor.user_id, bert.actor.session_id);
    await expect(sessions.authenticate(token)).rejects.toMatchObject(signedOut);
  });
});

describe('session:renew', () => {
  test('[S08] a fresh token of the same session moves the expiry; another session’s, or a dead one, does not', async () => {
    const { signUp, refresh, handlers, login, clock, sessions } = await startAccounts();
    const { actor, refresh_token } = await signUp('anna');
    const other = await login('anna');
    const expiries: number[] = [];
    const onSocket = { ...call, connection: { id: 'x', setExpiry: (at: number) => expiries.push(at) } };
    const renew = async (token: string) => await handlers['session:renew'](actor, { token }, onSocket);
    const { token } = await refresh(refresh_token);
    const { expires_in } = await renew(token);
    expect(expires_in).toBeGreaterThan(890);
    expect(expiries).toHaveLength(1);
    expect(Math.abs((expiries[0] ?? 0) - clock.now() - 900_000)).toBeLessThan(3_000);
    await expect(renew(other.token)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(renew('garbage')).rejects.toMatchObject({ code: 'unauthenticated' });
    await sessions.revoke({ id: actor.session_id, user_id: actor.user_id });
    await expect(renew(token)).rejects.toMatchObject(signedOut);
    expect(expiries).toHaveLength(1);
  });
});

const signal = () => {
  let give: () => void = () => undefined;
  const given = new Promise<void>(resolve => {
    give = resolve;
  });
  return { given, give };
};
