/** Being built. */
export const Invite = (_: { conversation_id: string; onClose: () => void }) => null;
