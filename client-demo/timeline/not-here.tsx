import { CloudOff, Hash, MessageCircleOff, TriangleAlert } from 'lucide';
import { type ChatConversation, ChatError, type Conversation, type Summary } from 'parley/client';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { Icon } from '../ui/icon.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { BackButton } from './header.tsx';
import { Loading } from './not-loaded.tsx';

type Found =
  | { readonly kind: 'looking' | 'gone' }
  | { readonly kind: 'room'; readonly room: Conversation }
  | { readonly kind: 'failed'; readonly error: unknown };

/** In place of a conversation that is not this person's: a room to join, one that is gone, or what cannot be told just now. */
export const NotHere = ({
  chat,
  before,
}: {
  chat: ChatConversation;
  /** What it was while it was this person's: whoever had it open is told that it went. */
  before: Summary | undefined;
}) => {
  const { client, route, notices } = useApp();
  const words = useWords();
  const { t, parts } = words;
  const isOnline = useObservable(client.connection).status === 'online';
  const [found, setFound] = useState<Found>({ kind: 'looking' });
  const [isJoining, setJoining] = useState(false);

  const look = useCallback(async () => {
    setFound({ kind: 'looking' });
    try {
      // It may be in the list that is on its way.
      await client.synced();
      const room = await client.call('conversation:get', { conversation_id: chat.id });
      if (room.role === null) setFound({ kind: 'room', room });
      // Theirs after all: opening it makes it known.
      else await chat.open();
    } catch (error) {
      setFound(error instanceof ChatError && error.code === 'not_found' ? { kind: 'gone' } : { kind: 'failed', error });
    }
  }, [client, chat]);

  useEffect(() => {
    if (isOnline) void look();
  }, [isOnline, look]);

  const join = async () => {
    setJoining(true);
    try {
      await client.join({ conversation_id: chat.id });
    } catch (error) {
      notices.fail(error);
      setJoining(false);
    }
  };

  const back = (
    <button type="button" class="button" onClick={() => route.replace({})}>
      {t('timeline.goneBack')}
    </button>
  );
  const content = () => {
    if (!isOnline && found.kind === 'looking')
      return (
        <div class="empty">
          <Icon of={CloudOff} />
          <h1>{t('timeline.offlineTitle')}</h1>
          <p>{t('timeline.offlineText')}</p>
        </div>
      );
    switch (found.kind) {
      case 'looking':
        return <Loading />;
      case 'gone':
        return (
          <div class="empty">
            <Icon of={MessageCircleOff} />
            <h1>{t('timeline.goneTitle')}</h1>
            {before ? (
              <p role="alert">{parts('timeline.noLongerHere', { title: <bdi>{titleOf(before, words)}</bdi> })}</p>
            ) : (
              <p>{t('timeline.goneText')}</p>
            )}
            {back}
          </div>
        );
      case 'room':
        return (
          <div class="empty">
            <Icon of={Hash} />
            <h1 dir="auto">{titleOf(found.room, words)}</h1>
            {found.room.topic && <p dir="auto">{found.room.topic}</p>}
            {before ? <p role="alert">{t('timeline.noLongerRoom')}</p> : <p>{t('timeline.joinText')}</p>}
            <button type="button" class="button primary" disabled={isJoining} onClick={() => void join()}>
              {t('timeline.join')}
            </button>
            {back}
          </div>
        );
      case 'failed':
        return (
          <div class="empty" role="alert">
            <Icon of={TriangleAlert} />
            <h1>{t('timeline.lookFailed')}</h1>
            <p>{errorText(words, found.error)}</p>
            <button type="button" class="button" onClick={() => void look()}>
              {t('app.tryAgain')}
            </button>
            {back}
          </div>
        );
    }
  };
  return (
    <>
      <header class="conversation-header bare">
        <BackButton />
      </header>
      <div class="not-here">{content()}</div>
    </>
  );
};
