import { X } from 'lucide';
import type { User } from 'parley/client';
import { useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { nameOf } from '../ui/names.ts';

/** Those who are chosen; pressing one takes them out again. */
export const ChosenPeople = ({ users, onRemove }: { users: readonly User[]; onRemove: (user: User) => void }) => {
  const words = useWords();
  if (users.length === 0) return null;
  return (
    <ul class="people-chosen" aria-label={words.t('people.chosen')}>
      {users.map(user => {
        const name = nameOf(user, words);
        const label = words.t('people.takeOut', { name });
        return (
          <li key={user.id}>
            <button type="button" class="people-chip" aria-label={label} title={label} onClick={() => onRemove(user)}>
              <bdi>{name}</bdi>
              <Icon of={X} />
            </button>
          </li>
        );
      })}
    </ul>
  );
};
