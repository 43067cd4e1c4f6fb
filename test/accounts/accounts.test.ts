import { describe, expect, test, vi } from 'vitest';
import { createPasswords } from '../../src/accounts/passwords.ts';
import { fold, usernameKey } from '../../src/accounts/username-key.ts';
import { call, password, startAccounts } from './parts.ts';

describe('usernames', () => {
  test('[S31] what reads alike is one name', async () => {
    const { register, login } = await startAccounts();
    const pairs = [
      ['Anna', 'aNNA'],
      ['Ångström', 'A\u030Angstro\u0308m'],
      ['straße', 'STRASSE'],
      ['ﬁne', 'fine'],
      ['ΟΔΟΣ', 'οδος'],
      ['bob', 'bo\uFE0Fb'],
    ] as const;
    for (const [name, twin] of pairs) {
      const { id } = await register(name);
      await expect(register(twin)).rejects.toMatchObject({ code: 'username_taken' });
      expect(await login(twin)).toMatchObject({ id, username: name });
    }
  });

  test('[S31] a name that shows nothing, is a sentence when folded, or means everybody is refused', async () => {
    const { register } = await startAccounts();
    for (const name of ['\u3164\u3164\u3164', '\uFE0F\uFE0F\uFE0F', '...', '\uFDFA'.repeat(20)]) {
      const refusal = { code: 'invalid_input', details: { username: expect.any(String) } };
      await expect(register(name)).rejects.toMatchObject(refusal);
    }
    await expect(register('ALL')).rejects.toMatchObject({ code: 'username_taken' });
  });

  test('[S31] folding is stable for every character, and upper and lower case meet', () => {
    for (let point = 0; point < 0x110000; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const character = String.fromCodePoint(point);
      const key = fold(character);
      const meets = key === fold(key) && key === fold(character.toUpperCase()) && key === fold(character.toLowerCase());
      if (!meets) expect.fail(`U+${point.toString(16)} folds to ${key}`);
    }
    expect(usernameKey('Ａｎｎａ')).toBe('anna');
  });
});

describe('registration', () => {
  test('answers what it made, runs its hook first, and records no name', async () => {
    const hooked: string[] = [];
    const { register, recorded, handlers } = await startAccounts({
      onRegistered: async id => {
        hooked.push(id);
      },
    });
    const { id } = await register('anna', { email: 'Anna@Example.org' });
    expect(hooked).toEqual([id]);
    expect(recorded).toEqual([{ event: 'account_registered', facts: { user_id: id } }]);
    await expect(register('bert', { email: 'aNNA@example.org' })).rejects.toMatchObject({ code: 'email_taken' });
    const answer = await handlers['account:register'](null, { username: 'carl', password, full_name: 'C' }, call);
    expect(answer).toEqual({
      message: 'Account created',
      data: { id: expect.any(String), username: 'carl', full_name: 'C' },
    });
  });

  test('[G10] a hook that fails does not make a registration that happened look failed', async () => {
    const { register, login, recorded } = await startAccounts({ onRegistered: () => Promise.reject(new Error('log')) });
    await register('anna');
    expect(recorded.map(({ event }) => event)).toContain('registration_incomplete');
    await login('anna');
  });

  test('a short password is refused by its field, counted in characters', async () => {
    const { register } = await startAccounts();
    const refusal = { code: 'invalid_input', details: { password: expect.stringContaining('8'), min_length: 8 } };
    await expect(register('anna', { password: '1234567' })).rejects.toMatchObject(refusal);
    await expect(register('anna', { password: '😀'.repeat(7) })).rejects.toMatchObject(refusal);
    await register('anna', { password: '😀'.repeat(8) });
  });
});

describe('signing in', () => {
  test('[S10] nobody of that name and a wrong password are one error, in text, code and median time', async () => {
    const { register, login } = await startAccounts({ cost: 9 });
    await register('anna');
    const attempt = async (name: string) => {
      const started = performance.now();
      const error: unknown = await login(name, 'wrong password').catch((thrown: unknown) => thrown);
      return { ms: performance.now() - started, error };
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let i = 0; i < 15; i++) {
      const [one, other] = [await attempt('anna'), await attempt('nobody')];
      expect(one.error).toMatchObject({ code: 'invalid_credentials' });
      expect(other.error).toEqual(one.error);
      known.push(one.ms);
      unknown.push(other.ms);
    }
    const ratio = median(unknown) / median(known);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
  });

  test('[S09] attempts at one account are throttled, whether or not it exists, however its name is written', async () => {
    const { register, login, clock } = await startAccounts({ loginLimit: { rate: 1, burst: 3 } });
    await register('anna');
    for (const names of [
      ['anna', 'ANNA', 'Anna', 'aNNa'],
      ['nobody', 'NOBODY', 'Nobody', 'noBody'],
    ]) {
      const ends = [];
      for (const name of names) ends.push(await login(name, 'wrong').catch((error: unknown) => error));
      expect(ends.slice(0, 3)).toEqual(Array(3).fill(expect.objectContaining({ code: 'invalid_credentials' })));
      expect(ends[3]).toMatchObject({ code: 'rate_limited', retry_after_ms: expect.any(Number) });
    }
    await expect(login('anna')).rejects.toMatchObject({ code: 'rate_limited' });
    clock.advance(2_000);
    await login('anna');
  });

  test('[S12] what bcrypt would cut off is not ignored', async () => {
    const { register, login } = await startAccounts();
    const longest = 'p'.repeat(72);
    await register('anna', { password: longest });
    await login('anna', longest);
    await expect(login('anna', `${longest}p`)).rejects.toMatchObject({ code: 'invalid_credentials' });
  });

  test('[S11] passwords are stored as bcrypt of the cost that was set', async () => {
    const { register, storage } = await startAccounts({ cost: 12 });
    const { id } = await register('anna');
    expect((await storage.users.find(id))?.password_hash).toMatch(/^\$2b\$12\$.{53}$/);
  });

  test('[S07] a sign-in with a password that is changed meanwhile opens nothing', async () => {
    let meanwhile = async (_id: string): Promise<unknown> => undefined;
    const { signUp, login, handlers, storage } = await startAccounts({
      wrapUsers: users => ({
        ...users,
        async findByUsernameKey(key) {
          const found = await users.findByUsernameKey(key);
          if (found) await meanwhile(found.id);
          return found;
        },
      }),
    });
    const { actor } = await signUp('anna');
    const change = { current_password: password, new_password: 'another password' };
    meanwhile = async () => await handlers['account:password'](actor, change, call);
    await expect(login('anna')).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect((await storage.sessions.ofUser(actor.user_id)).map(({ id }) => id)).toEqual([actor.session_id]);
    meanwhile = id => storage.users.erase(id, new Date().toISOString());
    await expect(login('anna', 'another password')).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(await storage.sessions.ofUser(actor.user_id)).toEqual([]);
  });
});

describe('bcrypt is bounded', () => {
  test('two at once, the next wait, and beyond them overloaded', async () => {
    const passwords = createPasswords({ cost: 8, queue: 3 });
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => passwords.hash('x')));
    const refused = all.filter(result => result.status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: 'overloaded', retry_after_ms: expect.any(Number) });
    }
    // The slots are free again.
    expect(await passwords.verify('x', await passwords.hash('x'))).toBe(true);
  });

  test('no hash matches nothing', async () => {
    const passwords = createPasswords({ cost: 4 });
    expect(await passwords.verify('', undefined)).toBe(false);
    expect(await passwords.verify('', '')).toBe(false);
  });
});

describe('the own account', () => {
  test('profile and update; an address can be taken away', async () => {
    const { signUp, handlers } = await startAccounts();
    const { actor } = await signUp('anna');
    await handlers['account:update'](actor, { email: 'a@example.org', full_name: 'Anna B' }, call);
    const profile = await handlers['account:profile'](actor, {}, call);
    expect(profile).toMatchObject({ username: 'anna', full_name: 'Anna B', email: 'a@example.org', role: 'user' });
    expect(await handlers['account:update'](actor, { email: null }, call)).toMatchObject({ email: null });
  });

  test('[G10] a password change whose answer was lost succeeds again; a wrong one does not', async () => {
    const { signUp, handlers, login } = await startAccounts();
    const { actor } = await signUp('anna');
    const change = async (current_password: string, new_password: string) =>
      await handlers['account:password'](actor, { current_password, new_password }, call);
    await change(password, 'another password');
    await change(password, 'another password');
    await login('anna', 'another password');
    await expect(change('wrong', 'third password')).rejects.toMatchObject({ code: 'invalid_credentials' });
    await expect(change('another password', 'short')).rejects.toMatchObject({
      code: 'invalid_input',
      details: { new_password: expect.any(String), min_length: 8 },
    });
  });

  test('erasure blanks the names first, leaves conversations, ends the sessions and frees the username', async () => {
    const left: unknown[] = [];
    const accounts = await startAccounts({
      onErased: async ({ user_id }) => {
        left.push((await accounts.people.get([user_id])).get(user_id));
      },
    });
    const { signUp, handlers, sessions, revoked, people, login, register } = accounts;
    const { actor, token } = await signUp('anna');
    const second = await login('anna');
    await people.get([actor.user_id]);
    await expect(handlers['account:erase'](actor, { password: 'wrong' }, call)).rejects.toMatchObject({
      code: 'invalid_credentials',
    });
    expect(left).toEqual([]);
    await handlers['account:erase'](actor, { password }, call);
    expect(left).toEqual([{ id: actor.user_id, username: '', full_name: '' }]);
    expect(revoked).toEqual([{ session_ids: expect.any(Array), reason: 'account_erased' }]);
    expect(revoked[0]?.session_ids).toHaveLength(2);
    for (const one of [token, second.token]) {
      await expect(sessions.authenticate(one)).rejects.toMatchObject({ code: 'signed_out' });
    }
    expect((await people.get([actor.user_id])).get(actor.user_id)).toEqual({
      id: actor.user_id,
      username: '',
      full_name: '',
    });
    await expect(login('anna')).rejects.toMatchObject({ code: 'invalid_credentials' });
    await register('anna');
  });

  test('an erasure that fails midway is repeated with the same password, from any device', async () => {
    const failing = vi.fn().mockRejectedValueOnce(new Error('the log is away')).mockResolvedValue(undefined);
    const { signUp, handlers, sessions, storage, login } = await startAccounts({ onErased: failing });
    const { actor, token } = await signUp('anna');
    await expect(handlers['account:erase'](actor, { password }, call)).rejects.toThrow('the log is away');
    expect(await storage.users.find(actor.user_id)).toMatchObject({ username: '', full_name: '', erased_at: null });
    const again = (await sessions.authenticate((await login('anna')).token)).actor;
    await handlers['account:erase'](again, { password }, call);
    expect((await storage.users.find(actor.user_id))?.erased_at).not.toBeNull();
    await expect(sessions.authenticate(token)).rejects.toMatchObject({ code: 'signed_out' });
    await expect(login('anna')).rejects.toMatchObject({ code: 'invalid_credentials' });
  });

  test('devices: the own ones are listed, one can be signed out, nobody else’s can', async () => {
    const { signUp, login, handlers } = await startAccounts();
    const anna = await signUp('anna');
    await login('anna');
    const bert = await signUp('bert');
    const { items } = await handlers['session:list'](anna.actor, {}, call);
    expect(items).toHaveLength(2);
    expect(items.filter(({ current }) => current)).toMatchObject([{ id: anna.actor.session_id, user_agent: 'tests' }]);
    const revoke = async (id: string) => await handlers['session:revoke'](anna.actor, { id }, call);
    for (const id of [bert.actor.session_id, 'absent']) {
      await expect(revoke(id)).rejects.toMatchObject({ code: 'not_found' });
    }
    await revoke(items.find(({ current }) => !current)?.id ?? '');
    expect((await handlers['session:list'](anna.actor, {}, call)).items).toHaveLength(1);
  });
});

describe('people', () => {
  test('every id is answered, names are remembered until they change', async () => {
    const { signUp, people, handlers } = await startAccounts();
    const { actor } = await signUp('anna');
    expect(people.peek(actor.user_id)).toBeUndefined();
    const found = await people.get([actor.user_id, 'absent', actor.user_id]);
    expect([...found.keys()]).toEqual([actor.user_id, 'absent']);
    expect(found.get('absent')).toEqual({ id: 'absent', username: '', full_name: '' });
    expect(people.peek(actor.user_id)?.full_name).toBe('Some Body');
    await handlers['account:update'](actor, { full_name: 'Anna B' }, call);
    expect((await people.get([actor.user_id])).get(actor.user_id)?.full_name).toBe('Anna B');
    expect([...(await people.byUsernames(['ANNA', 'nobody'])).keys()]).toEqual(['anna']);
  });

  test('a name whose notice was lost is read again after a minute', async () => {
    const { signUp, people, storage, clock } = await startAccounts();
    const { actor } = await signUp('anna');
    await people.get([actor.user_id]);
    await storage.users.update(actor.user_id, { full_name: 'Elsewhere' });
    expect(people.peek(actor.user_id)?.full_name).toBe('Some Body');
    clock.advance(61_000);
    expect(people.peek(actor.user_id)).toBeUndefined();
  });

  test('search by the beginning of either name, by page', async () => {
    const { signUp, register, handlers } = await startAccounts();
    const { actor } = await signUp('anna');
    for (const name of ['Andreas', 'ANTON', 'bert']) await register(name, { full_name: `${name} Andersson` });
    const search = async (q: string, after?: string) =>
      await handlers['user:search'](actor, { q, limit: 2, ...(after !== undefined && { after }) }, call);
    const first = await search(' AN');
    expect(first).toMatchObject({ items: [{ username: 'Andreas' }, { username: 'anna' }], has_more: true });
    const second = await search('AN', first.next);
    expect(second).toEqual({ items: [expect.objectContaining({ username: 'ANTON' })], has_more: false });
    expect((await search('bert and')).items).toMatchObject([{ username: 'bert' }]);
    await expect(search('  ')).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
