/** Being built. */
export const Directory = (_: { onClose: () => void }) => null;
