import { Lock, MicOff } from 'lucide';
import type { Conversation, Summary } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';

const longestTimerMs = 2 ** 31 - 1;

/** Until when nothing may be written here, if so; over by itself. */
export const useMutedUntil = (summary: Summary | undefined): string | undefined => {
  const until = summary?.muted_until ?? undefined;
  const [, redraw] = useState(0);
  const isMuted = until !== undefined && Date.parse(until) > Date.now();
  useEffect(() => {
    if (!isMuted) return;
    const timer = setTimeout(() => redraw(Date.now()), Math.min(longestTimerMs, Date.parse(until) - Date.now() + 50));
    return () => clearTimeout(timer);
  }, [isMuted, until]);
  return isMuted ? until : undefined;
};

/** Instead of the text field, for those who are muted. */
export const Muted = ({ until }: { until: string }) => {
  const { t, dates } = useWords();
  const isToday = dates.dayKey(until) === dates.dayKey(new Date().toISOString());
  const time = dates.clock(until);
  return (
    <p class="composer-closed">
      <Icon of={MicOff} />
      {isToday ? t('composer.mutedToday', { time }) : t('composer.mutedUntil', { day: dates.day(until), time })}
    </p>
  );
};

/** Instead of the text field, where the conversation is not (any more) the person's: a room can be joined. */
export const Outside = ({ conversation_id }: { conversation_id: string }) => {
  const { client, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const { status } = useObservable(client.connection);
  const [isKnown, setKnown] = useState(false);
  const [room, setRoom] = useState<Conversation>();
  const [isJoining, setJoining] = useState(false);

  useEffect(() => {
    let isCurrent = true;
    const ask = async () => {
      await client.synced();
      const found = await client.call('conversation:get', { conversation_id });
      if (isCurrent) setRoom(found);
    };
    // Whatever the answer is: without one there is nothing to join.
    void ask()
      .catch(() => undefined)
      .then(() => isCurrent && setKnown(true));
    return () => {
      isCurrent = false;
    };
  }, [client, conversation_id, status]);

  const join = () => {
    setJoining(true);
    client
      .join({ conversation_id })
      .catch(notices.fail)
      .finally(() => setJoining(false));
  };

  if (!isKnown) return <p class="composer-closed">{t('app.loading')}</p>;
  if (!room)
    return (
      <p class="composer-closed">
        <Icon of={Lock} />
        {t('composer.gone')}
      </p>
    );
  return (
    <div class="composer-closed">
      <span dir="auto">{t('composer.notMember', { name: titleOf(room, words) })}</span>
      <button type="button" class="button primary small" disabled={isJoining} onClick={join}>
        {t('composer.join')}
      </button>
    </div>
  );
};
