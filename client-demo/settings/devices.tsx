/** Being built. */
export const Devices = (_: { onClose: () => void }) => null;
