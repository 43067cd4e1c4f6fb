import { Check, CheckCheck, Clock, type IconNode } from 'lucide';
import type { Message } from 'parley/client';
import type { Words } from '../language/words.ts';
import { Icon } from '../ui/icon.tsx';
import type { Tick } from './use-ticks.ts';

const icons: Record<Tick | 'sending' | 'waiting' | 'slowed', IconNode> = {
  waiting: Clock,
  slowed: Clock,
  sending: Clock,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
};

/** As much room at the end of the last line as stands over it: its letters, unseen. */
export const spaceFor = (
  { t, dates }: Words,
  { date, edited_at, unsent }: Pick<Message, 'date' | 'edited_at' | 'unsent'>,
) => (edited_at && !unsent ? `${t('timeline.edited')} ${dates.clock(date)}` : dates.clock(date));

/** When it was said, whether it was changed since, and how far it got. */
export const Meta = ({
  words: { t, dates },
  message: { date, edited_at, unsent },
  tick,
}: {
  words: Words;
  message: Pick<Message, 'date' | 'edited_at' | 'unsent'>;
  tick?: keyof typeof icons | undefined;
}) => (
  <span class="message-meta">
    {/* Where the message ends, but in the direction of the page's languages, whichever way the message runs. */}
    <span class="message-meta-line" dir="ltr">
      {edited_at && !unsent && (
        <span class="message-edited" title={t('timeline.editedAt', { date: dates.full(edited_at) })}>
          {t('timeline.edited')}
        </span>
      )}
      <time dateTime={date} title={dates.full(date)}>
        {dates.clock(date)}
      </time>
      {tick && (
        <span class={`tick ${tick}`} title={t(`timeline.${tick}`)}>
          <Icon of={icons[tick]} />
          <span class="unseen">{t(`timeline.${tick}`)}</span>
        </span>
      )}
    </span>
  </span>
);
