import type { ChatConversation } from 'parley/client';
import { useSelected } from '../ui/state.ts';

/** A conversation's kind never changes; one that is gone is like a room. */
export const useKind = (chat: ChatConversation) => useSelected(chat.summary, summary => summary?.kind) ?? 'room';
