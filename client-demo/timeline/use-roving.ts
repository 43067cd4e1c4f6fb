import type { RefObject, TargetedFocusEvent, TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** Of messages that were sent: what one of one's own waits for is always on the way. */
const pressable = '.message[data-seq] :is(.quote, .bubble-body a, .mention, .reaction)';

/**
 * One of the messages is reached by Tab, with what can be pressed in it, the newest until another one was focused; the arrows go from
 * there. What the others hold is no stop on the way.
 */
export const useRoving = (scroller: RefObject<HTMLElement | null>) => {
  const stop = useRef<HTMLElement | undefined>(undefined);
  const wasChosen = useRef(false);
  const all = () => [...(scroller.current?.querySelectorAll<HTMLElement>('.message') ?? [])];

  const moveTo = (row: HTMLElement | undefined) => {
    if (stop.current === row) return;
    if (stop.current) stop.current.tabIndex = -1;
    stop.current = row;
    if (row) row.tabIndex = 0;
    settleInner();
  };

  const settleInner = () => {
    for (const inner of scroller.current?.querySelectorAll<HTMLElement>(pressable) ?? []) {
      const tabIndex = stop.current?.contains(inner) ? 0 : -1;
      if (inner.tabIndex !== tabIndex) inner.tabIndex = tabIndex;
    }
  };

  useLayoutEffect(() => {
    if (wasChosen.current && stop.current?.isConnected) return settleInner();
    wasChosen.current = false;
    const rows = scroller.current?.getElementsByClassName('message');
    moveTo(rows?.[rows.length - 1] as HTMLElement | undefined);
    settleInner();
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
      const row = (target as Element).closest<HTMLElement>('.message');
      // What lies open on top of one has arrows of its own.
      if (!row || (target as Element).closest('[popover]') || altKey || ctrlKey || metaKey) return;
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
