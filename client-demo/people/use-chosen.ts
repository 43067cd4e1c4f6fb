import type { User } from 'parley/client';
import { useState } from 'preact/hooks';
import { useNamed } from '../app/use-named.ts';

/** People who were chosen, in the order of choosing; choosing somebody again takes them out. */
export const useChosen = (before: readonly User[] = []) => {
  const [users, setUsers] = useState(before);
  return {
    users: useNamed(users),
    toggle: (user: User) =>
      setUsers(now => (now.some(({ id }) => id === user.id) ? now.filter(({ id }) => id !== user.id) : [...now, user])),
    removeLast: () => setUsers(now => now.slice(0, -1)),
  };
};
