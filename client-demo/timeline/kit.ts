import type { ChatConversation, Summary, User } from 'parley/client';
import type { App } from '../app/context.ts';
import type { Target } from '../composer/target.ts';
import type { Words } from '../language/words.ts';
import type { MemberList } from '../people/member-lists.ts';
import type { State } from '../ui/state.ts';

/** What every row of a timeline needs: one object, the same until the language changes, so that rows are not drawn for nothing. */
export interface Kit extends Pick<App, 'client' | 'notices' | 'dialogs'> {
  readonly words: Words;
  readonly chat: ChatConversation;
  readonly me: User;
  readonly kind: Summary['kind'];
  readonly members: MemberList;
  readonly target: State<Target | undefined>;
  /** Shows a message that another one quotes, which has `from_seq`. */
  jumpTo(message_id: string, from_seq: number): void;
  writeTo(user: User): void;
}
