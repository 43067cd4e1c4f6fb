import type { ConnectionState } from 'parley/client';
import type { Key } from '../language/words.ts';

/** What stands between the person and the server. */
export interface Trouble {
  readonly text: Key;
  /** When it is tried again, in milliseconds since 1970. */
  readonly until?: number;
  /** A try is under way, after others that failed. */
  readonly isTrying?: boolean;
  /** What the person can do: cut the wait short; or begin anew where the page does not come back by itself. */
  readonly action?: 'now' | 'again';
}

const textOf = ({ error }: ConnectionState): Key => {
  const reason = error?.details?.['reason'];
  if (reason === 'overloaded' || error?.code === 'overloaded' || error?.code === 'rate_limited')
    return 'connection.overloaded';
  if (reason === 'stopping') return 'connection.restarting';
  if (error?.code === 'odd_answer') return 'connection.oddAnswer';
  if (error?.code === 'no_answer') return 'connection.noAnswer';
  if (error?.code === 'unavailable') return 'connection.unavailable';
  if (error?.code === 'internal') return 'connection.unwell';
  return 'connection.away';
};

/** Undefined where nothing is wrong. `hasNetwork` is what the browser says of itself. */
export const troubleOf = (state: ConnectionState, hasNetwork: boolean): Trouble | undefined => {
  const { status, until, error } = state;
  switch (status) {
    case 'online':
    case 'stopped':
      return undefined;
    case 'ended':
      if (error?.details?.['reason'] === 'too_many_sockets')
        return { text: 'connection.tooManySockets', action: 'again' };
      return { text: error?.code === 'signed_out' ? 'connection.signedOut' : 'connection.ended', action: 'again' };
    case 'connecting':
    case 'waiting': {
      if (!hasNetwork) return { text: 'connection.offline' };
      // The same line through all tries, so that it does not flicker.
      if (status === 'connecting')
        return error ? { text: textOf(state), isTrying: true } : { text: 'connection.connecting' };
      return { text: textOf(state), action: 'now', ...(until !== undefined && { until }) };
    }
  }
};
