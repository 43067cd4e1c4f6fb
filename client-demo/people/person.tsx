import type { User } from 'parley/client';
import type { ComponentChildren } from 'preact';
import { useWords } from '../app/context.ts';
import { PersonAvatar } from '../ui/avatar.tsx';
import { nameOf } from '../ui/names.ts';
import './person.css';

/** Who somebody is, as lists show it; what belongs to them in this list stands behind their name. */
export const Person = ({ user, children }: { user: User; children?: ComponentChildren }) => {
  const words = useWords();
  return (
    <span class="person">
      <PersonAvatar user={user} />
      <span class="person-text">
        <span class="person-line">
          <bdi class="person-name">{nameOf(user, words)}</bdi>
          {children}
        </span>
        {user.username && <bdi class="person-username">{words.t('people.handle', user)}</bdi>}
      </span>
    </span>
  );
};
