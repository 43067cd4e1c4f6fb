/** Being built. */
export const NewConversation = (_: { kind: 'group' | 'room'; onClose: () => void }) => null;
