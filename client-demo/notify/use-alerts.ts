/** Being built. */
export const useAlerts = () => undefined;
