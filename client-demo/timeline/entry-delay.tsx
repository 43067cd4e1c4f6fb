import type { Entry } from 'parley/client';
import { useRef } from 'preact/hooks';
import type { Words } from '../language/words.ts';
import { useSecondsTo } from '../ui/use-seconds-to.ts';

/** It is closed before the message is sent, so that nothing moves as that becomes one of the log. */
const closingMs = 250;

/** Below a message that the server holds back: when it is sent. Not read out, as it would be at every second; the tick says what it waits for. */
export const EntryDelay = ({ words, delayed }: { words: Words; delayed: Entry['delayed'] }) => {
  const seconds = useSecondsTo(delayed && delayed.until - closingMs);
  return (
    <div class="entry-delay" data-open={seconds > 0} aria-hidden="true">
      {delayed && <Text key={delayed.until} words={words} code={delayed.code} seconds={Math.max(1, seconds)} />}
    </div>
  );
};

/** As wide as the longest of what it will say, so that nothing moves at each second. */
const Text = (parts: { words: Words; code: string; seconds: number }) => {
  const { current: longest } = useRef(
    [parts.seconds, Math.min(parts.seconds, minute)].map(seconds => textOf({ ...parts, seconds })).join('\n'),
  );
  return (
    <p class="entry-delay-text" data-space={longest}>
      {textOf(parts)}
    </p>
  );
};

/** In seconds. */
const minute = 60;

const textOf = ({ words: { t }, code, seconds }: Parameters<typeof Text>[0]) => {
  if (code !== 'slow_mode') return t('connection.nextTry', { count: seconds });
  return seconds > minute
    ? t('timeline.slowedMinutes', { count: Math.ceil(seconds / minute) })
    : t('timeline.slowedSeconds', { count: seconds });
};
