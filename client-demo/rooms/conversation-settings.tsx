import type { Summary } from 'parley/client';
import { useEffect } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ReadingBody } from '../ui/reading-body.tsx';
import { useObservable } from '../ui/state.ts';
import { EditConversation } from './edit-conversation.tsx';
import { mayModerate, useStanding } from './may.ts';
import { slowModeText } from './slow-mode.ts';
import './rooms.css';

/** Name, topic and rules of a conversation: to be changed by those who may, and seen by all. */
export const ConversationSettings = ({
  conversation_id,
  onClose,
}: {
  conversation_id: string;
  onClose: () => void;
}) => {
  const { client } = useApp();
  const { t } = useWords();
  const summary = useObservable(client.conversation(conversation_id).summary);
  const isGone = summary === undefined;
  useEffect(() => {
    if (isGone) onClose();
  }, [isGone, onClose]);
  return (
    <Dialog title={t('rooms.settings')} onClose={onClose}>
      {summary && <Content summary={summary} onClose={onClose} />}
    </Dialog>
  );
};

const Content = ({ summary, onClose }: { summary: Summary; onClose: () => void }) => {
  const mine = useStanding(summary);
  return mayModerate(mine) ? (
    <EditConversation summary={summary} mine={mine} onClose={onClose} />
  ) : (
    <Facts summary={summary} />
  );
};

const Facts = ({ summary }: { summary: Summary }) => {
  const words = useWords();
  const { t } = words;
  const { kind, name, topic, slow_mode_ms, history } = summary;
  const facts = [
    { label: t('rooms.name'), value: name ?? t('app.lobby') },
    { label: t('rooms.topic'), value: topic || t('rooms.noTopic') },
    { label: t('rooms.slowMode'), value: slowModeText(slow_mode_ms, words) },
    ...(kind === 'group'
      ? [{ label: t('rooms.history'), value: t(history === 'all' ? 'rooms.historyAll' : 'rooms.historyJoined') }]
      : []),
  ];
  return (
    <ReadingBody label={t('rooms.settings')}>
      <dl class="rooms-facts">
        {facts.map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
      <p class="rooms-lead">{t('rooms.readOnly')}</p>
    </ReadingBody>
  );
};
