/** Being built. */
export const ConversationSettings = (_: { conversation_id: string; onClose: () => void }) => null;
