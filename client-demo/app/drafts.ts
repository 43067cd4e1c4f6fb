import { createKept } from '../ui/kept.ts';
import { createState, type State } from '../ui/state.ts';

/** What somebody began to write, by conversation; kept in this browser until they sign out, for each person apart. */
export interface Drafts extends State<Readonly<Record<string, Draft>>> {
  put(conversation_id: string, draft: Draft | undefined): void;
  /** Nothing is kept of them, also of what is put from now on. */
  forget(): void;
  stop(): void;
}

export interface Draft {
  readonly text: string;
  /** The message that it answers. */
  readonly reply_to?: string;
}

export const createDrafts = (user_id: string): Drafts => {
  const key = `parley.drafts.${user_id}`;
  const kept = createKept<Record<string, Draft>>(key);
  const drafts = createState<Readonly<Record<string, Draft>>>(kept.read() ?? {});
  let isForgotten = false;
  const set = (next: Readonly<Record<string, Draft>>) => {
    if (isForgotten) return;
    kept.write(next);
    drafts.set(next);
  };
  // Another tab's drafts are not written over by this one's.
  const onStorage = (event: StorageEvent) => {
    if (event.key === key) drafts.set(kept.read() ?? {});
  };
  addEventListener('storage', onStorage);
  return {
    ...drafts,
    set,
    put(conversation_id, draft) {
      const { [conversation_id]: _old, ...others } = drafts.get();
      set(draft ? { ...others, [conversation_id]: draft } : others);
    },
    forget() {
      kept.write(undefined);
      drafts.set({});
      isForgotten = true;
    },
    stop: () => removeEventListener('storage', onStorage),
  };
};
