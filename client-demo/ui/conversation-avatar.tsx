import { Hash, type IconNode, MessagesSquare, Users } from 'lucide';
import type { Summary } from 'parley/client';
import { Avatar, hueOf, PersonAvatar } from './avatar.tsx';
import { Icon } from './icon.tsx';

const icons: Record<Exclude<Summary['kind'], 'direct'>, IconNode> = { lobby: MessagesSquare, room: Hash, group: Users };

/** A person's avatar, or an icon of the kind on a square. Decoration: the title stands beside it. */
export const ConversationAvatar = ({
  conversation: { id, kind, peer },
  size,
  withPresence = true,
}: {
  conversation: Pick<Summary, 'id' | 'kind' | 'peer'>;
  size?: 'small' | 'large';
  /** Whether the server is asked for it: only for what is on screen. */
  withPresence?: boolean;
}) => {
  const sized = size && { size };
  if (kind !== 'direct')
    return (
      <span class={`avatar square hue-${hueOf(id)} ${size ?? ''}`} aria-hidden="true">
        <Icon of={icons[kind]} />
      </span>
    );
  // An erased account has no name.
  if (!peer?.username) return <Avatar id={id} name="?" {...sized} />;
  return withPresence ? (
    <PersonAvatar user={peer} {...sized} />
  ) : (
    <span class="person-avatar">
      <Avatar id={peer.id} name={peer.full_name || '?'} {...sized} />
    </span>
  );
};
