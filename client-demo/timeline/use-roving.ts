import type { RefObject, TargetedFocusEvent, TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** One of the messages is reached by Tab, the newest until another one was focused; the arrows go from there. */
export const useRoving = (scroller: RefObject<HTMLElement | null>) => {
  const stop = useRef<HTMLElement | undefined>(undefined);
  const wasChosen = useRef(false);
  const all = () => [...(scroller.current?.querySelectorAll<HTMLElement>('.message') ?? [])];

  const moveTo = (row: HTMLElement | undefined) => {
    if (stop.current === row) return;
    if (stop.current) stop.current.tabIndex = -1;
    stop.current = row;
    if (row) row.tabIndex = 0;
  };

  useLayoutEffect(() => {
    if (wasChosen.current && stop.current?.isConnected) return;
    wasChosen.current = false;
    const rows = scroller.current?.getElementsByClassName('message');
    moveTo(rows?.[rows.length - 1] as HTMLElement | undefined);
  });

  return {
    onFocusIn({ target }: TargetedFocusEvent<HTMLElement>) {
      const row = (target as Element).closest<HTMLElement>('.message');
      if (!row) return;
      wasChosen.current = true;
      moveTo(row);
    },
    onKeyDown(event: TargetedKeyboardEvent<HTMLElement>) {
      const { key, target, altKey, ctrlKey, metaKey } = event;
      const row = target as HTMLElement;
      if (!row.classList.contains('message') || altKey || ctrlKey || metaKey) return;
      const rows = all();
      const at = rows.indexOf(row);
      const next = { ArrowDown: rows[at + 1], ArrowUp: rows[at - 1], Home: rows[0], End: rows.at(-1) }[key];
      if (!next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: 'nearest' });
    },
  };
};
