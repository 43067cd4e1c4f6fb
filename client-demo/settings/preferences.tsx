/** Being built. */
export const Preferences = (_: { onClose: () => void }) => null;
