import type { User } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { useObservable } from './state.ts';
import './avatar.css';

const hues = 8;

/** The same colour for the same id everywhere. */
export const hueOf = (id: string) =>
  [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9_973, 7) % hues;

const graphemes = new Intl.Segmenter();

const initialsOf = (name: string) =>
  name
    .trim()
    .split(/\s+/u)
    .slice(0, 2)
    .map(word => [...graphemes.segment(word)][0]?.segment ?? '')
    .join('')
    .toLocaleUpperCase();

interface Look {
  id: string;
  name: string;
  size?: 'small' | 'large';
}

/** The first letters of a name on a colour of its own. Decoration: the name stands beside it, so these are no text to be found or read. */
export const Avatar = ({ id, name, size }: Look) => (
  <span class={`avatar hue-${hueOf(id)} ${size ?? ''}`} data-initials={initialsOf(name)} aria-hidden="true" />
);

/** With a dot while they are online; asked for as long as it is on screen. */
export const PersonAvatar = ({ user, size }: { user: User; size?: Look['size'] }) => (
  <span class="person-avatar">
    <Avatar id={user.id} name={user.full_name || '?'} {...(size && { size })} />
    <PresenceDot user_id={user.id} />
  </span>
);

const PresenceDot = ({ user_id }: { user_id: string }) => {
  const { client } = useApp();
  const { t } = useWords();
  const presence = useObservable(client.presence(user_id));
  return presence?.status === 'online' ? (
    <span class="presence-dot">
      <span class="unseen">{t('app.online')}</span>
    </span>
  ) : null;
};
