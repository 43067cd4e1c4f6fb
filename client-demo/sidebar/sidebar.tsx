import type { User } from 'parley/client';

/** Being built. */
export const Sidebar = (_: { me: User }) => null;
