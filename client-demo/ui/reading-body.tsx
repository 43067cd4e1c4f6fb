import type { ComponentChildren } from 'preact';

/** What a dialog has to be read, with nothing in it to operate: by itself a stop of the keyboard, so that it can be scrolled. */
export const ReadingBody = ({
  label,
  class: name = '',
  children,
}: {
  label: string;
  class?: string;
  children: ComponentChildren;
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll what has the focus
  // biome-ignore lint/a11y/useSemanticElements: it is no group of fields
  <div class={`dialog-body ${name}`} role="group" aria-label={label} tabIndex={0}>
    {children}
  </div>
);
