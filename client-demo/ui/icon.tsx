import type { IconNode } from 'lucide';
import { h } from 'preact';

/** A picture that says nothing which the text beside it, or the button's label, does not. */
export const Icon = ({ of, class: name }: { of: IconNode; class?: string }) => (
  <svg class={name ? `icon ${name}` : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
    {of.map(([tag, attributes]) => h(tag, attributes as object))}
  </svg>
);
