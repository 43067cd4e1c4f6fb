import { ChatError } from 'parley/client';
import { errorText } from '../language/error-text.ts';
import type { Words } from '../language/words.ts';
import { createState, type State } from '../ui/state.ts';

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'bad';
}

export interface Notices extends State<readonly Notice[]> {
  show(text: string, tone?: Notice['tone']): void;
  /** Says why something did not work, in the person's words. For a `.catch`. */
  fail(error: unknown): void;
  dismiss(id: number): void;
  clear(): void;
}

/** How long one can be read; more than one sentence takes longer than 5 s. */
const shownMs = 7_000;
const atMost = 3;

export const createNotices = (words: State<Words>): Notices => {
  const notices = createState<readonly Notice[]>([]);
  let last = 0;
  const dismiss = (id: number) => notices.set(notices.get().filter(notice => notice.id !== id));
  const show: Notices['show'] = (text, tone = 'plain') => {
    last += 1;
    const id = last;
    const others = notices.get().filter(notice => notice.text !== text);
    notices.set([...others, { id, text, tone }].slice(-atMost));
    setTimeout(() => dismiss(id), shownMs);
  };
  return {
    ...notices,
    show,
    dismiss,
    clear: () => notices.set([]),
    fail(error) {
      // What is no answer is a fault of this page.
      if (!(error instanceof ChatError)) console.error(error);
      show(errorText(words.get(), error), 'bad');
    },
  };
};
