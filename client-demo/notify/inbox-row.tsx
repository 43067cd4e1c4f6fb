import { AtSign, type IconNode, MessageCircle, Reply, UserPlus } from 'lucide';
import type { Notification } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import type { Key } from '../language/words.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { nameOf, titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';

type Kind = Notification['kind'];

const icons: Record<Kind, IconNode> = { mention: AtSign, reply: Reply, direct: MessageCircle, invite: UserPlus };

/** What happened, in a conversation that is the person's; and where it is not any more. */
const texts: Record<Kind, readonly [there: Key, gone: Key]> = {
  mention: ['notify.mentionIn', 'notify.mention'],
  reply: ['notify.replyIn', 'notify.reply'],
  direct: ['notify.direct', 'notify.direct'],
  invite: ['notify.inviteTo', 'notify.invite'],
};

/** One entry of the inbox: leads to what it is about. */
export const InboxRow = ({ notice, onShow }: { notice: Notification; onShow: (notice: Notification) => void }) => {
  const { client } = useApp();
  const words = useWords();
  const { t, parts, dates } = words;
  const { kind, from, conversation_id, preview, date, read } = notice;
  const about = useObservable(client.conversation(conversation_id).summary);
  const name = nameOf(from, words);
  const [there, gone] = texts[kind];
  return (
    <li>
      <button type="button" class={read ? 'inbox-row' : 'inbox-row unread'} onClick={() => onShow(notice)}>
        <span class="inbox-avatar">
          <Avatar id={from.id} name={name} />
          <span class={`inbox-kind ${kind}`}>
            <Icon of={icons[kind]} />
          </span>
        </span>
        <span class="inbox-text">
          <span class="inbox-what">
            {parts(about ? there : gone, {
              name: (
                <strong key="name" dir="auto">
                  {name}
                </strong>
              ),
              conversation: about && (
                <strong key="conversation" dir="auto">
                  {titleOf(about, words)}
                </strong>
              ),
            })}
          </span>
          {preview !== '' ? (
            <span class="inbox-preview" dir="auto">
              {preview}
            </span>
          ) : (
            kind !== 'invite' && <span class="inbox-preview taken">{t('notify.takenBack')}</span>
          )}
          <time class="inbox-time" dateTime={date} title={dates.full(date)}>
            {dates.ago(date)}
          </time>
        </span>
        {!read && (
          <span class="inbox-dot">
            <span class="unseen">{t('notify.unread')}</span>
          </span>
        )}
      </button>
    </li>
  );
};
