import type { ChatConversation } from 'parley/client';
import { useWords } from '../app/context.ts';
import type { Key } from '../language/words.ts';
import { ConversationAvatar } from '../ui/conversation-avatar.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { useIsMuted } from '../ui/use-is-muted.ts';

/** Where a conversation begins; what to do where nothing was said yet. */
export const Beginning = ({ chat, isEmpty }: { chat: ChatConversation; isEmpty: boolean }) => {
  const words = useWords();
  const { t, parts } = words;
  const summary = useObservable(chat.summary);
  const isMuted = useIsMuted(summary?.muted_until);
  if (!summary) return null;
  const { kind, history, floor } = summary;
  const isPartial = history === 'joined' && floor > 1;
  const hint: Key | undefined = isPartial
    ? 'timeline.beginningJoined'
    : kind === 'direct'
      ? 'timeline.hintDirect'
      : kind === 'lobby'
        ? 'timeline.hintLobby'
        : isEmpty
          ? 'timeline.hintEmpty'
          : undefined;
  return (
    <div class="timeline-beginning">
      <ConversationAvatar conversation={summary} size="large" withPresence={false} />
      <p class="beginning-title">
        {parts(kind === 'direct' ? 'timeline.beginningDirect' : 'timeline.beginning', {
          title: <bdi>{titleOf(summary, words)}</bdi>,
        })}
      </p>
      {hint && <p>{t(hint)}</p>}
      {isEmpty && !isMuted && (
        <button type="button" class="button" onClick={() => chat.send(wave)}>
          <span aria-hidden="true">{wave}</span>
          {t('timeline.sayHello')}
        </button>
      )}
    </div>
  );
};

const wave = '👋';
