import type { ChatClient, User } from 'parley/client';
import type { Words } from '../language/words.ts';
import { createKept } from '../ui/kept.ts';

/** Somebody who tries it in a window of their own, beside whoever is signed in in this browser. */
export interface Guest {
  /** Names the window's own sign-in. */
  readonly key: string;
  /** The id of the person to write to at first. */
  readonly friend?: string;
  /** Whether this browser's own page opened the window. A link from elsewhere makes nobody an account, and greets nobody. */
  readonly isInvited: boolean;
}

/** From the address `?guest=KEY&friend=USER_ID`. */
export const guestOf = (search: string): Guest | undefined => {
  const query = new URLSearchParams(search);
  const key = query.get('guest');
  if (!key || !/^[\w-]{1,40}$/.test(key)) return undefined;
  const friend = query.get('friend');
  const isInvited = invitation(key).read() === true;
  return friend ? { key, friend, isInvited } : { key, isInvited };
};

const invitation = (key: string) => createKept<true>(`parley.guest.${key}`);

/** Lets the window of this address sign up by itself. */
export const inviteGuest = (address: string) => {
  const guest = guestOf(address);
  if (guest) invitation(guest.key).write(true);
};

/** It was taken: the window's own sign-in is there from now on. */
export const spendInvitation = ({ key }: Guest) => invitation(key).write(undefined);

/** What nobody guesses, nor says twice. */
export const randomText = (length: number) => {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return [...crypto.getRandomValues(new Uint8Array(length))].map(byte => letters[byte % letters.length]).join('');
};

/** Where a second window begins as a friend of this person. */
export const friendAddress = ({ id }: User) => `?guest=${randomText(8)}&friend=${encodeURIComponent(id)}`;

const pick = (names: string) => {
  const all = names.split('|');
  return all[(crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % all.length] ?? '';
};

/** Whether nobody knows the password of this account. */
export const isGuest = ({ username }: User) => /^guest_[a-z2-9]{8}$/.test(username);

/** An account that nobody needs a password for again: it lives as long as this browser keeps its sign-in. */
export const signUpAsGuest = (client: ChatClient, { t }: Words): Promise<User> =>
  client.signUp({
    username: `guest_${randomText(8)}`,
    password: randomText(24),
    full_name: t('signIn.guestName', {
      adjective: pick(t('signIn.guestAdjectives')),
      animal: pick(t('signIn.guestAnimals')),
    }),
  });

/** Writes to the person who opened this window; returns the conversation's id. */
export const greet = async (client: ChatClient, friend: string, { t }: Words): Promise<string> => {
  const conversation = await client.direct(friend);
  if (conversation.summary.get()?.last_message == null) conversation.send(t('signIn.guestHello'));
  return conversation.id;
};
