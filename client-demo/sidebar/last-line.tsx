import type { Entry, Summary, Typing, User } from 'parley/client';
import { useWords } from '../app/context.ts';
import { nameOf } from '../ui/names.ts';

interface Props {
  summary: Summary;
  me: User;
  draft: string | undefined;
  typing: Typing;
  /** What is not sent yet, where that is newer than what was. */
  entry: Entry | undefined;
}

/** What happens in a conversation, in one line: who types, what one began to write, or what was said last. */
export const LastLine = ({ summary: { kind, last_message }, me, draft, typing: { users, more }, entry }: Props) => {
  const words = useWords();
  const { t } = words;
  const [first] = users;
  if (first) {
    const count = users.length + more;
    const who = nameOf(first, words);
    return (
      <span class="sidebar-line accent">
        <span class="sidebar-line-text" dir="auto">
          {kind === 'direct'
            ? t('sidebar.typing')
            : count === 1
              ? t('sidebar.typingOne', { name: who })
              : t('sidebar.typingMany', { count })}
        </span>
      </span>
    );
  }
  if (draft !== undefined) return <Line who={t('sidebar.draft')} text={draft} tone="draft" />;
  if (entry) return <Line who={t('app.you')} text={entry.message} />;
  if (!last_message) return <Line text={t('sidebar.nothingSaid')} tone="soft" />;
  const isMine = last_message.from.id === me.id;
  const who = isMine ? t('app.you') : kind === 'direct' ? undefined : nameOf(last_message.from, words);
  return last_message.unsent ? (
    <Line who={who} text={t('sidebar.unsent')} tone="soft" />
  ) : (
    <Line who={who} text={last_message.message} />
  );
};

/** Longer ones are cut off by the row; the text of a whole book need not be laid out for that. */
const most = 200;

const Line = ({ who, text, tone = '' }: { who?: string | undefined; text: string; tone?: 'soft' | 'draft' | '' }) => {
  const { parts } = useWords();
  return (
    <span class={`sidebar-line ${tone}`}>
      {who && <span class="sidebar-line-who">{parts('sidebar.who', { name: <bdi>{who}</bdi> })}</span>}
      <span class="sidebar-line-text" dir="auto">
        {text.slice(0, most)}
      </span>
    </span>
  );
};
