import type { Input, LogEvent, Message, Output } from '../protocol/index.ts';
import { isBare } from './bare.ts';
import type { Conversations } from './conversations.ts';

/**
 * What goes to all members of a group alike leaves out previews of what some of them may not have: those who joined later, where the
 * group shows nothing from before. Whoever may have them is told by the history.
 */
export interface Previews {
  /** After it was applied: asks for what it lacks where it is shown. */
  hear(event: LogEvent): Promise<void>;
  /** Asks for what is lacking where a question was lost. */
  resume(): Promise<void>;
}

const pageSize = 100;

export const createPreviews = ({
  conversations,
  call,
}: {
  conversations: Pick<Conversations, 'get' | 'ids' | 'complete'>;
  call: (name: 'message:history', input: Input<'message:history'>) => Promise<Output<'message:history'>>;
}): Previews => {
  /** Messages of a group that are shown; of others all is told to everybody. */
  const shownIn = (id: string): readonly Message[] => {
    const held = conversations.get(id);
    return (held?.summary.kind === 'group' && held.log.window()?.messages) || [];
  };

  const ask = async (id: string, where: { after?: number }) => {
    const log = conversations.get(id)?.log;
    const asked = log?.cursor().seq ?? 0;
    const { items } = await call('message:history', { conversation_id: id, limit: pageSize, ...where });
    if (conversations.get(id)?.log === log) conversations.complete(id, items, asked);
  };

  return {
    async hear(event) {
      if (!isBare(event) || (shownIn(event.conversation_id).at(-1)?.seq ?? 0) < event.seq) return;
      await ask(event.conversation_id, { after: event.seq - 1 });
    },
    async resume() {
      await Promise.all(conversations.ids().map(id => shownIn(id).some(isBare) && ask(id, {})));
    },
  };
};
