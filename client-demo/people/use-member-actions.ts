import { Ban, Crown, MessageCircle, Mic, MicOff, ShieldCheck, ShieldOff, UserMinus } from 'lucide';
import type { ChatClient, Input, Member, OperationName, Role } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { mayOwn, mayRemove, mayRestrain, type Standing } from '../rooms/may.ts';
import type { MenuItem } from '../ui/menu.tsx';
import { nameOf } from '../ui/names.ts';
import { useWriteTo } from './use-write-to.ts';

const minuteMs = 60_000;

const mutes = [
  { label: 'people.mute15Minutes', ms: 15 * minuteMs },
  { label: 'people.mute1Hour', ms: 60 * minuteMs },
  { label: 'people.mute24Hours', ms: 24 * 60 * minuteMs },
] as const;

const roles = [
  { role: 'owner', label: 'people.makeOwner', icon: Crown },
  { role: 'admin', label: 'people.makeAdmin', icon: ShieldCheck },
  { role: 'member', label: 'people.makeMember', icon: ShieldOff },
] as const satisfies readonly { role: Role; label: string; icon: unknown }[];

/** What one may do with somebody in a conversation, and nothing else. */
export const useMemberActions = ({
  conversation_id,
  member,
  mine,
  owners,
  isMuted,
}: {
  conversation_id: string;
  member: Member;
  mine: Standing;
  owners: number;
  isMuted: boolean;
}): readonly MenuItem[] => {
  const { client, dialogs, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const writeTo = useWriteTo();
  const { user } = member;
  const user_id = user.id;
  const name = nameOf(user, words);
  const isMe = user_id === mine.user_id;

  const call =
    <N extends OperationName>(operation: N, input: Input<N>) =>
    () =>
      void (client.call as ChatClient['call'])(operation, input).catch(notices.fail);
  const mute = (until: number | null) =>
    call('conversation:mute', {
      conversation_id,
      user_id,
      muted_until: until === null ? null : new Date(until).toISOString(),
    });
  const ask = (operation: 'conversation:kick' | 'conversation:ban', how: 'remove' | 'ban') => () =>
    dialogs.open({
      name: 'confirm',
      title: t(`people.${how}Title`, { name }),
      text: t(`people.${how}Text`, { name }),
      action: t(`people.${how}`),
      run: () => client.call(operation, { conversation_id, user_id }),
    });

  const items: MenuItem[] = [];
  if (!isMe) items.push({ label: t('people.message'), icon: MessageCircle, run: () => void writeTo(user) });
  // The last owner stays one.
  if (mayOwn(mine) && !(member.role === 'owner' && owners <= 1))
    for (const { role, label, icon } of roles)
      if (role !== member.role)
        items.push({ label: t(label), icon, run: call('conversation:role', { conversation_id, user_id, role }) });
  if (mayRestrain(mine, member)) {
    if (isMuted) items.push({ label: t('people.unmute'), icon: Mic, run: mute(null) });
    else
      for (const { label, ms } of mutes)
        items.push({ label: t(label), icon: MicOff, run: () => mute(Date.now() + ms)() });
  }
  if (mayRemove(mine, member))
    items.push({ label: t('people.remove'), icon: UserMinus, danger: true, run: ask('conversation:kick', 'remove') });
  if (mayRestrain(mine, member))
    items.push({ label: t('people.ban'), icon: Ban, danger: true, run: ask('conversation:ban', 'ban') });
  return items;
};
