import type { ComponentChildren } from 'preact';

/** Something that was found; opens on a click or Enter. */
export const FoundRow = ({
  avatar,
  title,
  time,
  end,
  isTall = false,
  onOpen,
  children,
}: {
  avatar: ComponentChildren;
  title: string;
  time?: ComponentChildren;
  /** Stands at the end of the row, as what a click does where that is not to open. */
  end?: string;
  /** Two lines of text. */
  isTall?: boolean;
  onOpen: () => void;
  children?: ComponentChildren;
}) => (
  <li>
    <button type="button" class={isTall ? 'sidebar-row tall' : 'sidebar-row'} onClick={onOpen}>
      {avatar}
      <span class="sidebar-row-top">
        <span class="sidebar-row-title" dir="auto">
          {title}
        </span>
        {time}
      </span>
      <span class="sidebar-row-bottom">{children}</span>
      {end && <span class="sidebar-row-end">{end}</span>}
    </button>
  </li>
);
