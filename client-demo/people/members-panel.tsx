import { ArrowLeft, UsersRound, X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { useMedia } from '../ui/use-media.ts';
import { PanelContent } from './panel-content.tsx';
import './members-panel.css';

/** Beside a conversation, or instead of it where there is no room: what it is, and who is in it. */
export const MembersPanel = ({ conversation_id }: { conversation_id: string }) => {
  const { client, route } = useApp();
  const summary = useObservable(client.conversation(conversation_id).summary);
  const heading = useRef<HTMLHeadingElement>(null);
  const words = useWords();
  const { t } = words;
  // Then it stands instead of the conversation, whose title is nowhere else.
  const isAlone = useMedia('(width < 68rem)');
  const close = () => route.go({ conversation_id });

  useEffect(() => {
    // It took the place of what had the focus.
    if (matchMedia('(width < 68rem)').matches) heading.current?.focus();
  }, []);

  return (
    <aside
      class="members-panel"
      aria-labelledby="members-panel-title"
      onKeyDown={event => event.key === 'Escape' && !event.defaultPrevented && close()}
    >
      {isAlone && summary && <h1 class="unseen">{titleOf(summary, words)}</h1>}
      <header class="members-panel-head">
        <button type="button" class="icon-button back" aria-label={t('app.back')} title={t('app.back')} onClick={close}>
          <Icon of={ArrowLeft} />
        </button>
        <h2 id="members-panel-title" ref={heading} tabIndex={-1}>
          {t('people.details')}
        </h2>
        <button
          type="button"
          class="icon-button close"
          aria-label={t('app.close')}
          title={t('app.close')}
          onClick={close}
        >
          <Icon of={X} />
        </button>
      </header>
      <div class="members-panel-body">
        {summary ? (
          <PanelContent summary={summary} />
        ) : (
          <div class="empty">
            <Icon of={UsersRound} />
            <p>{t('people.notThere')}</p>
          </div>
        )}
      </div>
    </aside>
  );
};
