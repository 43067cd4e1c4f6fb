import type { Input, Message } from '../protocol/index.ts';
import { type Call, insist } from './commands.ts';
import type { Window } from './conversation-log.ts';
import type { Receipts } from './conversations.ts';
import type { Desk } from './desk.ts';
import { invalidInput } from './errors.ts';
import type { Loading } from './history.ts';
import { newId } from './new-id.ts';
import type { Observable } from './observable.ts';
import type { Entry } from './outbox.ts';
import type { Summary } from './summary.ts';
import type { Typing } from './typing.ts';

/** One conversation of whoever is signed in, by its id; also before it is known, and after it is gone. */
export interface ChatConversation {
  readonly id: string;
  /** Undefined where it is not the caller's. */
  readonly summary: Observable<Summary | undefined>;
  /** What is shown: undefined until `open`. Each message and list is replaced when it changes, never changed. */
  readonly messages: Observable<Window | undefined>;
  /** What the person wrote and the server has not confirmed, in the order of writing. */
  readonly pending: Observable<readonly Entry[]>;
  readonly loading: Observable<Loading>;
  readonly receipts: Observable<Receipts>;
  readonly typing: Observable<Typing>;
  /** Loads what is shown: the newest messages, unless some are there. The others move what is shown. All reject with a `ChatError`. */
  open(): Promise<void>;
  showLatest(): Promise<void>;
  showAround(seq: number): Promise<void>;
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /**
   * Shown in `pending` at once, kept on this device, then sent, whatever happens meanwhile. `client_id`: a name for what is to be sent once,
   * whoever asks how often; 1 to 128 printable ASCII characters, not beginning with `~`, one for all conversations. Throws `invalid_input`.
   */
  send(message: string, options?: { reply_to?: string | undefined; client_id?: string | undefined }): Entry;
  /** These wait for their answer, and are tried again where it was lost. They reject with a `ChatError`. */
  edit(message_id: string, message: string): Promise<void>;
  unsend(message_id: string): Promise<void>;
  react(message_id: string, emoji: string): Promise<void>;
  unreact(message_id: string, emoji: string): Promise<void>;
  /** Everything up to this message was seen; up to the newest one where none is named. Throws `invalid_input` where it is none. */
  markRead(message?: Pick<Message, 'seq' | 'n'>): void;
  startTyping(): void;
  stopTyping(): void;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

type Change = 'message:edit' | 'message:unsend' | 'message:react' | 'message:unreact';

export const createConversation = ({
  id,
  desk,
  call,
  isOnline,
}: {
  id: string;
  desk: Desk;
  call: Call;
  isOnline: () => boolean;
}): ChatConversation => {
  const { conversations, outbox, history, reads, typing } = desk;
  const { summary, window, receipts } = conversations.shown(id);
  /** What it made of the log comes as an event, like what others do. */
  const change = async <N extends Change>(name: N, input: Omit<Input<N>, 'client_id'>) => {
    const once = { ...input, client_id: newId() } as Input<N>;
    await insist(() => call(name, once), isOnline);
  };

  return {
    id,
    summary,
    messages: window,
    pending: { get: () => outbox.forConversation(id), subscribe: outbox.entries.subscribe },
    loading: history.loading(id),
    receipts,
    typing: typing.in(id),
    open: () => desk.open(id),
    showLatest: () => history.latest(id),
    showAround: seq => history.around(id, seq),
    loadOlder: () => history.older(id),
    loadNewer: () => history.newer(id),
    send(message, { reply_to, client_id } = {}) {
      typing.stop(id);
      return outbox.add({ conversation_id: id, message, reply_to, client_id });
    },
    edit: (id, message) => change('message:edit', { id, message }),
    unsend: id => change('message:unsend', { id }),
    react: (id, emoji) => change('message:react', { id, emoji }),
    unreact: (id, emoji) => change('message:unreact', { id, emoji }),
    markRead(message) {
      if (message && ![message.seq, message.n].every(isCount)) throw invalidInput();
      const now = summary.get();
      if (!now) return;
      // Nothing is read before it is there.
      const { seq, n } = message && message.seq < now.head ? message : { seq: now.head, n: now.n };
      reads.read(id, seq, n);
    },
    startTyping: () => typing.start(id),
    stopTyping: () => typing.stop(id),
  };
};
