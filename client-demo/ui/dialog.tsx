import { X } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { NoticeList } from '../app/notice-list.tsx';
import { Icon } from './icon.tsx';
import './dialog.css';

/** On top of everything, with a title and a way out; the focus stays in it, and goes back where it was. A sheet on phones. */
export const Dialog = ({
  title,
  onClose,
  size,
  children,
}: {
  title: string;
  onClose: () => void;
  size?: 'small' | 'large';
  children: ComponentChildren;
}) => {
  const { t } = useWords();
  const titleId = useId();
  const element = useRef<HTMLDialogElement>(null);
  const pressed = useRef<EventTarget>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    // What is there only while it has the focus, as the buttons beside a message, is gone by then: what it belongs to is not.
    const around = before?.parentElement?.closest<HTMLElement>('[tabindex]');
    element.current?.showModal();
    return () => {
      // A browser sees to this only where a dialog is closed before it goes. Once it is gone, and not from whoever has the focus by then.
      setTimeout(() => {
        if (!(before instanceof HTMLElement) || document.activeElement !== document.body) return;
        if (before.isConnected) before.focus();
        else around?.focus({ preventScroll: true });
      });
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={element}
      class={`dialog ${size ?? ''}`}
      aria-labelledby={titleId}
      onClose={onClose}
      onPointerDown={({ target }) => {
        pressed.current = target;
      }}
      // What is around it. Not where text was selected that far.
      onClick={({ target, currentTarget }) => {
        if (target === currentTarget && pressed.current === currentTarget) currentTarget.close();
      }}
    >
      <div class="dialog-content">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button
            type="button"
            class="icon-button"
            aria-label={t('app.close')}
            onClick={() => element.current?.close()}
          >
            <Icon of={X} />
          </button>
        </header>
        {children}
      </div>
      {/* Whatever is not in the dialog can neither be heard nor operated while it is open. */}
      <NoticeList />
    </dialog>
  );
};
