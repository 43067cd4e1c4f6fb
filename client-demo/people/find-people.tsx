import type { User } from 'parley/client';

/** Being built. */
export const FindPeople = (_: { me: User; onClose: () => void }) => null;
