import type { User } from 'parley/client';

/** Being built. */
export const MembersPanel = (_: { conversation_id: string; me: User }) => null;
