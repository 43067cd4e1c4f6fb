/** Being built. */
export const Shortcuts = (_: { onClose: () => void }) => null;
