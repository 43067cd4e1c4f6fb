import { AppWindow, Compass, MessageCirclePlus, X } from 'lucide';
import type { User } from 'parley/client';
import { useMemo, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { friendAddress, inviteGuest } from '../app/guest.ts';
import { Icon } from '../ui/icon.tsx';
import { createKept } from '../ui/kept.ts';
import './first-steps.css';

/** What to do first, for who has hardly a conversation. */
export const FirstSteps = ({ me, isAlone }: { me: User; isAlone: boolean }) => {
  const { dialogs } = useApp();
  const { t } = useWords();
  const kept = useMemo(() => createKept<boolean>(`parley.first-steps-done.${me.id}`), [me.id]);
  const [isDone, setDone] = useState(() => kept.read() === true);
  // One friend for each card, however often it is drawn: a second click opens the same one again.
  const address = useMemo(() => friendAddress(me), [me]);
  const close = () => {
    kept.write(true);
    setDone(true);
  };

  if (isDone && !isAlone) return null;
  return (
    <section class="first-steps" aria-labelledby="first-steps-title">
      <h2 id="first-steps-title">{t(isDone ? 'sidebar.aloneTitle' : 'sidebar.firstTitle')}</h2>
      {!isDone && (
        <>
          <button
            type="button"
            class="icon-button first-steps-close"
            aria-label={t('sidebar.firstClose')}
            onClick={close}
          >
            <Icon of={X} />
          </button>
          <p>{t('sidebar.firstText')}</p>
          <a class="button primary wide" href={address} target="_blank" rel="noopener" onClick={openBeside}>
            <Icon of={AppWindow} />
            {t('sidebar.firstFriend')}
          </a>
        </>
      )}
      {isDone && <p>{t('sidebar.aloneText')}</p>}
      <div class="first-steps-more">
        <button type="button" class="first-step" onClick={() => dialogs.open({ name: 'directory' })}>
          <Icon of={Compass} />
          {t('sidebar.browse')}
        </button>
        <button type="button" class="first-step" onClick={() => dialogs.open({ name: 'find-people' })}>
          <Icon of={MessageCirclePlus} />
          {t('sidebar.newMessage')}
        </button>
      </div>
    </section>
  );
};

const popup = { width: 480, height: 760 };

/** As a window beside this one, where there is room and the browser lets it; a tab else. */
const openBeside = (event: MouseEvent & { currentTarget: HTMLAnchorElement }) => {
  inviteGuest(event.currentTarget.search);
  if (!matchMedia('(width >= 48rem) and (pointer: fine)').matches || event.ctrlKey || event.metaKey) return;
  const left = Math.max(0, screenX + outerWidth - popup.width);
  const features = `popup,width=${popup.width},height=${popup.height},left=${left},top=${screenY + 40}`;
  if (open(event.currentTarget.href, 'parley-friend', features)) event.preventDefault();
};
