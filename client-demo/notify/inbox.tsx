import { CloudOff, Inbox as InboxIcon } from 'lucide';
import type { Notification } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { InboxRow } from './inbox-row.tsx';
import { useInbox } from './use-inbox.ts';
import './inbox.css';

/** What concerns the person: who mentioned them, answered or wrote to them, and took them in. */
export const Inbox = ({ onClose }: { onClose: () => void }) => {
  const { route } = useApp();
  const words = useWords();
  const { t } = words;
  const { items, error, isLoading, hasMore, loadMore, again, markRead } = useInbox();
  const hasUnread = items?.some(({ read }) => !read) ?? false;

  const show = ({ id, kind, conversation_id, seq, read }: Notification) => {
    if (!read) void markRead([id]);
    onClose();
    route.go(kind === 'invite' ? { conversation_id } : { conversation_id, seq });
  };

  return (
    <Dialog title={t('notify.inbox')} onClose={onClose}>
      <div class="inbox" aria-busy={isLoading}>
        {items && items.length > 0 && (
          <ul class="inbox-list">
            {items.map(notice => (
              <InboxRow key={notice.id} notice={notice} onShow={show} />
            ))}
          </ul>
        )}
        {error !== undefined ? (
          <div class="empty">
            <Icon of={CloudOff} />
            <p role="alert">{errorText(words, error)}</p>
            <button type="button" class="button" onClick={() => void again()}>
              {t('app.tryAgain')}
            </button>
          </div>
        ) : items?.length === 0 ? (
          <div class="empty">
            <Icon of={InboxIcon} />
            <h3>{t('notify.emptyTitle')}</h3>
            <p>{t('notify.emptyText')}</p>
          </div>
        ) : isLoading && !items ? (
          <p class="inbox-loading" role="status">
            {t('app.loading')}
          </p>
        ) : (
          hasMore && (
            <button type="button" class="button inbox-more" disabled={isLoading} onClick={loadMore}>
              {isLoading ? t('app.loading') : t('notify.more')}
            </button>
          )
        )}
      </div>
      {hasUnread && (
        <div class="dialog-foot">
          <button type="button" class="button" onClick={() => void markRead()}>
            {t('notify.markAllRead')}
          </button>
        </div>
      )}
    </Dialog>
  );
};
