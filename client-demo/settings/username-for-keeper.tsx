/** Tells password managers whose password it is. */
export const UsernameForKeeper = ({ username }: { username: string }) => (
  <input hidden type="text" autoComplete="username" value={username} readOnly />
);
