import type { IconNode } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';
import './menu.css';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconNode;
  readonly danger?: boolean;
  readonly checked?: boolean;
  run(): void;
}

/** A button that opens a list of actions, with the keys that such lists have. */
export const MenuButton = ({
  label,
  items,
  class: name = 'icon-button',
  children,
}: {
  label: string;
  items: readonly MenuItem[];
  class?: string;
  children: ComponentChildren;
}) => {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={name}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={event => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {children}
      </button>
      {isOpen && button.current && <Menu label={label} items={items} beside={button.current} onClose={close} />}
    </>
  );
};

/** Actions beside an element, in sight wherever that stands. */
export const Menu = ({
  label,
  items,
  beside,
  onClose,
  head,
}: {
  label: string;
  items: readonly MenuItem[];
  beside: Element;
  onClose: () => void;
  /** Buttons above the actions, each with a role that a menu may have. */
  head?: ComponentChildren;
}) => {
  const menu = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const element = menu.current;
    if (!element) return;
    // In the top layer: neither cut off by what scrolls nor under a dialog.
    element.showPopover();
    place(element, beside);
    element.querySelector('button')?.focus();
    // As where the keyboard leaves the screen, with the focus that the field has lost by this.
    const put = () => place(element, beside);
    addEventListener('resize', put);
    return () => removeEventListener('resize', put);
  }, [beside]);

  useEffect(() => {
    const onPointer = ({ target }: Event) => {
      const node = target as Node;
      if (!menu.current?.contains(node) && !beside.contains(node)) onClose();
    };
    addEventListener('pointerdown', onPointer, true);
    return () => removeEventListener('pointerdown', onPointer, true);
  }, [beside, onClose]);

  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(menu.current?.querySelectorAll('button') ?? [])];
    const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const next = {
      ArrowDown: (now + 1) % buttons.length,
      ArrowRight: (now + 1) % buttons.length,
      ArrowUp: (now - 1 + buttons.length) % buttons.length,
      ArrowLeft: (now - 1 + buttons.length) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    }[event.key];
    if (next !== undefined) buttons[next]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={menu} class="menu" role="menu" tabIndex={-1} popover="manual" aria-label={label} onKeyDown={onKeyDown}>
      {head}
      {items.map(({ label: text, icon, danger, checked, run }) => (
        <button
          key={text}
          type="button"
          {...(checked === undefined ? { role: 'menuitem' } : { role: 'menuitemradio', 'aria-checked': checked })}
          class={danger ? 'menu-item danger' : 'menu-item'}
          tabIndex={-1}
          onClick={() => {
            onClose();
            run();
          }}
        >
          {icon && <Icon of={icon} />}
          {text}
        </button>
      ))}
    </div>
  );
};

/** Below the element, or above it where there is no room; never beyond the edge of the window. */
export const place = (element: HTMLElement, beside: Element) => {
  const gap = 4;
  const edge = 8;
  // Where it stood before may have made it narrower.
  element.style.left = '';
  element.style.top = '';
  const anchor = beside.getBoundingClientRect();
  const { width, height } = element.getBoundingClientRect();
  const isRtl = getComputedStyle(element).direction === 'rtl';
  const left = isRtl ? anchor.left : anchor.right - width;
  const below = anchor.bottom + gap;
  const top = below + height > innerHeight - edge ? anchor.top - gap - height : below;
  element.style.left = `${Math.max(edge, Math.min(left, innerWidth - edge - width))}px`;
  element.style.top = `${Math.max(edge, Math.min(top, innerHeight - edge - height))}px`;
};
