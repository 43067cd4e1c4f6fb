/** Being built. */
export const Readers = (_: { message_id: string; onClose: () => void }) => null;
