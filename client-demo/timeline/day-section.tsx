import { useWords } from '../app/context.ts';
import { EntryRow } from './entry-row.tsx';
import type { Kit } from './kit.ts';
import { MessageRow } from './message-row.tsx';
import type { Day } from './rows.ts';
import type { Tick } from './use-ticks.ts';

/** What was said on one day, below its name, which stays in sight. */
export const DaySection = ({
  day,
  kit,
  tickOf,
  flashed,
}: {
  day: Day;
  kit: Kit;
  tickOf: (seq: number) => Tick;
  /** The seq of the message that was asked for. */
  flashed: number | undefined;
}) => {
  const { t, dates } = useWords();
  return (
    <section class="day-section">
      <h2 class="day">
        <time dateTime={day.date}>{dates.day(day.date)}</time>
      </h2>
      <ol class="day-rows">
        {day.rows.map(row =>
          row.kind === 'line' ? (
            <li key={row.key} class="new-messages-line">
              <span>{t('timeline.newMessages')}</span>
            </li>
          ) : row.kind === 'entry' ? (
            <EntryRow key={row.key} kit={kit} entry={row.entry} isFirst={row.isFirst} />
          ) : (
            <MessageRow
              key={row.key}
              rowKey={row.key}
              kit={kit}
              message={row.message}
              isFirst={row.isFirst}
              isFlashed={row.message.seq === flashed}
              tick={row.message.from.id === kit.me.id ? tickOf(row.message.seq) : undefined}
            />
          ),
        )}
      </ol>
    </section>
  );
};
