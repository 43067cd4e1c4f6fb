import type { LogEvent, Notification as Notice } from 'parley/client';
import { useEffect } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { nameOf, titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { createAlerts } from './alerts.ts';
import { useBadge } from './use-badge.ts';

/** What is caught up on after an absence is news no more. In milliseconds, and clocks differ. */
const freshMs = 60_000;

/** While nobody looks at the page: how much is unread on the tab and the app's icon, and the system's notifications. */
export const useAlerts = () => {
  const { client, settings, words, route } = useApp();
  const me = useObservable(client.user)?.id;
  const isWanted = useObservable(settings).notify;
  useBadge();

  useEffect(() => {
    if (!isWanted || me === undefined || !('Notification' in globalThis)) return;
    const alerts = createAlerts(me, route.go);

    const tell = (what: Pick<Notice, 'conversation_id' | 'seq' | 'from'>, text: string) => {
      const about = client.conversation(what.conversation_id).summary.get();
      const name = nameOf(what.from, words.get());
      alerts.show({
        conversation_id: what.conversation_id,
        seq: what.seq,
        title: about ? titleOf(about, words.get()) : name,
        text: !about || about.kind === 'direct' ? text : words.get().t('notify.line', { name, text }),
      });
    };

    const onNotice = (notice: Notice) =>
      tell(notice, notice.kind === 'invite' ? words.get().t('notify.invited') : notice.preview);

    /** Rooms tell only what concerns the person, which is in the inbox; a group is theirs as a whole. */
    const onEvent = (event: LogEvent) => {
      if (event.kind !== 'message' || event.unsent || event.from.id === me) return;
      if (client.conversation(event.conversation_id).summary.get()?.kind !== 'group') return;
      if (event.mentions_all || event.mentions.some(({ id }) => id === me)) return;
      if (Date.now() - Date.parse(event.date) < freshMs) tell(event, event.message);
    };

    const stops = [client.on('notification', onNotice), client.on('event', onEvent), alerts.stop];
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, me, isWanted, words, route]);
};
