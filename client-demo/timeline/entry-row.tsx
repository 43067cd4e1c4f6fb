import { CircleAlert, X } from 'lucide';
import { ChatError, type Entry } from 'parley/client';
import { errorText } from '../language/error-text.ts';
import { Icon } from '../ui/icon.tsx';
import { memo } from '../ui/memo.tsx';
import { EntryDelay } from './entry-delay.tsx';
import type { Kit } from './kit.ts';
import { Meta, spaceFor } from './meta.tsx';
import { countEmoji } from './parse-text.ts';
import './entry-row.css';

/** A message of one's own that the server has not confirmed: on its way, or why it did not go. */
export const EntryRow = memo(({ kit, entry, isFirst }: { kit: Kit; entry: Entry; isFirst: boolean }) => {
  const { words, client } = kit;
  const { t } = words;
  const { client_id, message, created_at, state, error, delayed } = entry;
  const tick = delayed?.code === 'slow_mode' ? 'slowed' : state;
  const discard = () => client.discard(client_id);
  const classes = [
    'message mine',
    state === 'failed' ? 'failed' : 'pending',
    isFirst && 'first',
    countEmoji(message) > 0 && 'emoji-only',
  ];
  return (
    <li
      class={classes.filter(Boolean).join(' ')}
      data-key={client_id}
      data-client-id={client_id}
      data-state={state}
      tabIndex={-1}
    >
      <div class="message-main">
        <div class="bubble">
          <div class="bubble-body" dir="auto">
            <div class="message-text" data-space={spaceFor(words, { date: created_at })}>
              {message}
            </div>
            <Meta words={words} message={{ date: created_at }} tick={tick === 'failed' ? undefined : tick} />
          </div>
          {state === 'waiting' && (
            <button
              type="button"
              class="entry-discard"
              aria-label={t('timeline.discard')}
              title={t('timeline.discard')}
              onClick={discard}
            >
              <Icon of={X} />
            </button>
          )}
        </div>
        <EntryDelay words={words} delayed={delayed} />
        {state === 'failed' && (
          <div class="entry-verdict" role="alert">
            <Icon of={CircleAlert} />
            <p>
              <strong>{t('timeline.failed')}</strong>
              <span>{error && errorText(words, new ChatError(error.code, error))}</span>
            </p>
            <div class="entry-actions">
              <button type="button" class="link-button" onClick={() => client.retry(client_id)}>
                {t('timeline.sendAgain')}
              </button>
              <button type="button" class="link-button" onClick={discard}>
                {t('timeline.discard')}
              </button>
            </div>
          </div>
        )}
      </div>
    </li>
  );
});
