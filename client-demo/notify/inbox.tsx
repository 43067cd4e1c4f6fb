/** Being built. */
export const Inbox = (_: { onClose: () => void }) => null;
