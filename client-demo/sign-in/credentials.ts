/** What was typed, whichever of the two forms it was typed in. */
export interface Credentials {
  readonly fullName: string;
  /** Undefined as long as it follows the name. */
  readonly username: string | undefined;
  readonly password: string;
}

export interface FormProps {
  credentials: Credentials;
  onChange: (changed: Partial<Credentials>) => void;
  /** Whether an answer is awaited, to this form or to anything beside it. */
  isBusy: boolean;
  /** Does one thing at a time. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What a username made of this name looks like; they may write another. */
const usernameFrom = (name: string) =>
  [
    ...name
      .trim()
      .toLocaleLowerCase()
      .replaceAll(/\s+/gu, '.')
      .replaceAll(/[^\p{L}\p{M}\p{N}._-]/gu, ''),
  ]
    .slice(0, 20)
    .join('');

export const usernameOf = ({ username, fullName }: Credentials) => username ?? usernameFrom(fullName);
