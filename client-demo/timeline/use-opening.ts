import type { ChatConversation } from 'parley/client';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import type { Place } from '../app/route.ts';
import { useObservable } from '../ui/state.ts';
import type { Goal, ReadersPlace } from './place.ts';

export interface Opening {
  /** Whether it is known what is new: reading counts from then on. */
  readonly isReady: boolean;
  /** Why there is nothing to show. */
  readonly error: unknown;
  tryAgain(): void;
  /** Brings a message into sight, from wherever it is. */
  showMessage(seq: number): void;
  showLatest(): Promise<void>;
}

/** What a conversation begins with: the message that the address names, else what is new, else the end. Failed ones are asked for again. */
export const useOpening = (chat: ChatConversation, place: ReadersPlace, onGoal: () => void): Opening => {
  const { client, route, notices } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const asked = useObservable(route);
  const isMissing = useObservable(chat.messages) === undefined;
  const [isReady, setReady] = useState(false);
  const [error, setError] = useState<unknown>();
  const shownPlace = useRef<Place | undefined>(undefined);

  // Before the first paint where everything is up to date already.
  useLayoutEffect(() => {
    let isOver = false;
    client.synced().then(
      () => isOver || setReady(true),
      // Nobody is signed in any more: this is about to go.
      () => undefined,
    );
    return () => {
      isOver = true;
    };
  }, [client]);

  const holds = useCallback(
    (seq: number) => {
      const window = chat.messages.get();
      if (!window) return false;
      const [first, last] = [window.messages[0]?.seq ?? 0, window.messages.at(-1)?.seq ?? 0];
      return (!window.hasOlder || first <= seq) && (!window.hasNewer || seq <= last);
    },
    [chat],
  );

  /** Aims at something, and loads it where it is not held. */
  const show = useCallback(
    async (goal: Goal, isThere: boolean, load: () => Promise<void>) => {
      setError(undefined);
      place.aim(goal);
      if (!isThere) await load();
      onGoal();
      // Drawn by then, or not there at all.
      setTimeout(() => place.giveUp(goal), 500);
    },
    [place, onGoal],
  );

  const showLatest = useCallback(
    () =>
      show({ kind: 'end' }, chat.messages.get()?.hasNewer === false, async () => {
        await chat.showLatest();
        // Those that were shown meanwhile were no goal.
        place.aim({ kind: 'end' });
      }),
    [chat, show, place],
  );

  const showMessage = useCallback(
    (seq: number) => {
      show({ kind: 'message', seq }, holds(seq), () => chat.showAround(seq)).catch(reason => {
        place.aim(undefined);
        if (chat.messages.get()) notices.fail(reason);
        else setError(reason);
      });
    },
    [chat, show, holds, place, notices],
  );

  const begin = useCallback(() => {
    const now = chat.summary.get();
    const unread = now?.unread ?? 0;
    const after = now?.read_seq ?? 0;
    const begun =
      unread > 0
        ? show({ kind: 'line' }, holds(after + 1), () => chat.showAround(after + 1))
        : show(
            { kind: 'end' },
            chat.messages.get()?.hasNewer === false,
            chat.messages.get() ? chat.showLatest : chat.open,
          );
    begun.catch(reason => {
      // What is held is shown as it is.
      place.aim({ kind: 'end' });
      setError(reason);
      onGoal();
    });
  }, [chat, show, holds, place, onGoal]);

  const seq = asked.conversation_id === chat.id ? asked.seq : undefined;
  // Once for each time that it is asked for, also by the same address.
  useLayoutEffect(() => {
    const before = shownPlace.current;
    if (!isReady || before === asked || asked.conversation_id !== chat.id) return;
    shownPlace.current = asked;
    if (seq !== undefined) showMessage(seq);
    else if (!before) begin();
    // Back from a message, or on to the end. The members come and go beside what is shown.
    else if (before.seq !== undefined && !asked.panel) showLatest().catch(notices.fail);
  }, [chat, isReady, asked, seq, begin, showMessage, showLatest, notices]);

  // The server could not continue what was shown, or it was not to be had without a connection.
  useEffect(() => {
    if (isReady && isMissing && isOnline && shownPlace.current) chat.open().catch(setError);
  }, [chat, isReady, isMissing, isOnline]);

  // Loads nothing where something is shown, whatever brought it: asks how far the others have read in it.
  useEffect(() => {
    if (isReady && !isMissing) chat.open().catch(setError);
  }, [chat, isReady, isMissing]);

  return { isReady, error, tryAgain: begin, showMessage, showLatest };
};
