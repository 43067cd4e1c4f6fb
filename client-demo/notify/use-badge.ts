import { useEffect } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

const maxTold = 99;

/** How much is unread, in the page's title and on its icons. */
export const useBadge = () => {
  const { client } = useApp();
  const { t } = useWords();
  const unread = useObservable(client.unread);
  useEffect(() => {
    const count = unread > maxTold ? t('notify.many', { count: maxTold }) : String(unread);
    document.title = unread > 0 ? t('notify.titleUnread', { count }) : t('notify.title');
    showIcon(unread > 0);
    // Only apps that were installed have one; refused elsewhere, which changes nothing here.
    navigator.setAppBadge?.(unread).catch(() => undefined);
  }, [unread, t]);
  useEffect(
    () => () => {
      document.title = t('notify.title');
      showIcon(false);
      navigator.clearAppBadge?.().catch(() => undefined);
    },
    [t],
  );
};

const showIcon = (hasUnread: boolean) => {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const file = hasUnread ? 'icon-unread.svg' : 'icon.svg';
  if (link && link.getAttribute('href') !== file) link.href = file;
};
