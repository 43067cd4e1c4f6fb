import { AtSign } from 'lucide';
import type { ChatConversation, User } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { useMembers } from '../people/use-members.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { nameOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { matching, mayCallAll, peopleToMention } from './mentions.ts';
import './mention-list.css';

/** Whether the key was for the list. */
export type OnListKey = (key: string) => boolean;

const maxShown = 8;
const all = 'all';

/** Who may be meant by what was written behind an `@`. The text field keeps the focus, and passes its keys on. */
export const MentionList = ({
  id,
  chat,
  me,
  query,
  onPick,
  onActive,
  keys,
}: {
  id: string;
  chat: ChatConversation;
  me: User;
  query: string;
  onPick: (username: string) => void;
  /** The id of the option that Enter would pick. */
  onActive: (option: string | undefined) => void;
  keys: { current: OnListKey | undefined };
}) => {
  const words = useWords();
  const { t } = words;
  const summary = useObservable(chat.summary);
  const messages = useObservable(chat.messages)?.messages ?? [];
  const { members = [], hasMore, loadMore } = useMembers(chat.id);
  const [chosen, setChosen] = useState(0);

  const people = matching(peopleToMention(messages, members, me), query);
  const offersAll = summary && mayCallAll(summary, members.length) && all.startsWith(query.toLowerCase());
  const options = [
    ...people.slice(0, maxShown).map(user => ({ username: user.username, user })),
    ...(offersAll ? [{ username: all, user: undefined }] : []),
  ];
  const active = Math.min(chosen, options.length - 1);
  const optionId = active < 0 ? undefined : `${id}-${active}`;

  useEffect(() => setChosen(0), [query]);
  useEffect(() => {
    // Somebody may be meant who is not loaded yet.
    if (hasMore && people.length === 0) loadMore();
  }, [hasMore, people.length, loadMore]);
  useEffect(() => {
    onActive(optionId);
    if (optionId) document.getElementById(optionId)?.scrollIntoView({ block: 'nearest' });
  }, [onActive, optionId]);
  useEffect(() => () => onActive(undefined), [onActive]);

  keys.current = key => {
    const option = options[active];
    if (!option) return false;
    if (key === 'ArrowDown') setChosen((active + 1) % options.length);
    else if (key === 'ArrowUp') setChosen((active - 1 + options.length) % options.length);
    else if (key === 'Enter' || key === 'Tab') onPick(option.username);
    else return false;
    return true;
  };
  useEffect(
    () => () => {
      keys.current = undefined;
    },
    [keys],
  );

  if (options.length === 0) return null;
  return (
    <>
      <p class="unseen" role="status">
        {t('composer.mentionCount', { count: options.length })}
      </p>
      <div id={id} class="mention-list" role="listbox" aria-label={t('composer.mention')}>
        {options.map(({ username, user }, at) => (
          <div
            key={username}
            id={`${id}-${at}`}
            class="mention-option"
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            // The text field keeps the focus.
            onPointerDown={event => event.preventDefault()}
            onPointerMove={() => setChosen(at)}
            onClick={() => onPick(username)}
            onKeyDown={undefined}
          >
            {user ? (
              <Avatar id={user.id} name={nameOf(user, words)} size="small" />
            ) : (
              <span class="mention-all">
                <Icon of={AtSign} />
              </span>
            )}
            <span class="mention-name" dir="auto">
              {user ? nameOf(user, words) : t('composer.mentionAll')}
            </span>
            <span class="mention-username" dir="ltr">
              {`@${username}`}
            </span>
          </div>
        ))}
      </div>
    </>
  );
};
