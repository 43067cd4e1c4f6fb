import type { Check } from '../check.ts';
import { fail, ok } from '../finding.ts';
import { openPolling } from '../polling.ts';
import { Refused } from '../probe.ts';

/** The server lets pages of its own origin in, which it tells by the Host header. */
export const host: Check = {
  name: 'host',
  async run({ probe, survey }) {
    const { origin } = probe.url;
    try {
      const connection = await openPolling(probe, { Origin: origin });
      survey.met(connection.sid);
      await connection.post('1').catch(() => undefined);
      return ok(`a page of ${origin} may connect`);
    } catch (error) {
      if (!(error instanceof Refused) || error.answer.error !== 'forbidden') throw error;
      return fail(
        `a page of ${origin} is refused as a stranger`,
        `The proxy must pass on the name that the browser used. nginx, location /socket.io/: proxy_set_header Host $http_host. Else name it: CORS_ORIGINS=${origin}.`,
      );
    }
  },
};
