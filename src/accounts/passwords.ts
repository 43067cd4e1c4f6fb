import bcrypt from 'bcrypt';
import { ParleyError } from '../errors.ts';
import { limits } from '../protocol/index.ts';

export interface Passwords {
  hash(password: string): Promise<string>;
  /** False where there is no hash (nobody of that name), after the time that a wrong password takes. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/**
 * bcrypt, at most `concurrency` at once, as each holds one of Node's four file I/O threads (200 ms at cost 12). Of those who come
 * meanwhile `queue` wait (32 by two take 3.2 s, within a command's 5 s); beyond that `overloaded` is thrown.
 */
export const createPasswords = ({
  cost,
  concurrency = 2,
  queue = 32,
}: {
  cost: number;
  concurrency?: number;
  queue?: number;
}): Passwords => {
  const waiting: (() => void)[] = [];
  let busy = 0;

  const slot = async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy < concurrency) busy++;
    else {
      if (waiting.length >= queue)
        throw new ParleyError('overloaded', { retry_after_ms: 1_000 + Math.random() * 2_000 });
      await new Promise<void>(resolve => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      // The slot goes to the next in line without ever being free.
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  };

  /** A well-formed hash of the same cost that no password has: comparing with it takes as long. */
  const nobody = `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}${'.'.repeat(31)}`;

  return {
    hash: password => slot(() => bcrypt.hash(password, cost)),
    verify: (password, hash) =>
      slot(async () => {
        const matches = await bcrypt.compare(password, hash || nobody);
        // bcrypt looks at the first 72 bytes only; what is longer was never accepted as a password.
        return matches && Boolean(hash) && Buffer.byteLength(password) <= limits.password_bytes;
      }),
  };
};
