import type { Ending } from 'parley/client';

/** Being built. */
export const SignIn = (_: { ending: Ending | undefined }) => null;
