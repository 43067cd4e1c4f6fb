import type { User } from 'parley/client';

/** Being built. */
export const Profile = (_: { me: User; onClose: () => void }) => null;
