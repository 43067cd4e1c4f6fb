import type { Message } from 'parley/client';

/** What the composer is about besides a new message: an answer to one, or another text for one of one's own. */
export interface Target {
  readonly kind: 'reply' | 'edit';
  readonly message: Message;
}
