import type { Member } from 'parley/client';

/** The members of a conversation as far as they were loaded, kept up to date by its events; undefined until the first answer. */
export interface Members {
  readonly members: readonly Member[] | undefined;
  readonly hasMore: boolean;
  loadMore(): void;
}

/** Being built. */
export const useMembers = (_conversation_id: string): Members => ({
  members: undefined,
  hasMore: false,
  loadMore: () => undefined,
});
