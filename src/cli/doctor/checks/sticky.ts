import type { Check } from '../check.ts';
import { fail, messageOf, ok } from '../finding.ts';
import { instanceOf, openPolling, packetsOf } from '../polling.ts';
import { type Probe, Refused, Unanswered } from '../probe.ts';

const clientCount = 40;
const rounds = 3;
/** Milliseconds that a client polls: the server closes a connection that signed in nowhere (4 s by default). */
const pollingMs = 2_500;
const tries = 5;

const remedy =
  'Every request of a connection must reach the instance that opened it. nginx: take the upstream from the id, `map $arg_sid $parley { default parley; ~^one\\. one; ~^two\\. two; }` with an upstream of one server for each INSTANCE_ID, and `proxy_pass http://$parley` (see nginx/nginx.conf); ip_hash is no substitute, as a whole office has one address.';

/** 40 clients that can only poll, from one address: each opens a connection and talks over it, in several requests. */
export const sticky: Check = {
  name: 'sticky',
  async run({ probe, survey }) {
    const results = await Promise.allSettled(Array.from({ length: clientCount }, () => talk(probe)));
    const sids = results.flatMap(result => (result.status === 'fulfilled' ? result.value : []));
    const errors = results.flatMap(result => (result.status === 'rejected' ? messageOf(result.reason) : []));
    for (const sid of sids) survey.met(sid);
    if (errors.length === 0) return ok(`${clientCount} of ${clientCount} polling clients stayed; ${spread(sids)}`);
    return fail(`${errors.length} of ${clientCount} polling clients were lost: ${common(errors)}`, remedy);
  },
};

/** Asks to join without a token, again and again, and is told each time that it may not. Resolves with the connection's id. */
const talk = async (probe: Probe, tried = 1): Promise<string> => {
  let opened = performance.now();
  const age = () => performance.now() - opened;
  try {
    const connection = await openPolling(probe);
    opened = connection.opened;
    for (let round = 0; round < rounds && (round === 0 || age() < pollingMs); round += 1) {
      await connection.post('40{"token":"none"}');
      const answer = await connection.poll();
      if (answer.status !== 200 || !packetsOf(answer).some(packet => packet.startsWith('44')))
        throw new Refused(answer);
    }
    await connection.post('1');
    return connection.sid;
  } catch (error) {
    // So late it may have been closed for being nobody's; and who was busy said nothing about whose the connection is.
    const busy = error instanceof Unanswered || (error instanceof Refused && error.answer.status >= 500);
    if (tried < tries && (busy || age() > pollingMs)) return talk(probe, tried + 1);
    throw error;
  }
};

const spread = (sids: string[]) => {
  const counts = new Map<string, number>();
  for (const sid of sids) {
    const instance = instanceOf(sid) ?? 'unnamed';
    counts.set(instance, (counts.get(instance) ?? 0) + 1);
  }
  const instances = [...counts].sort().map(([instance, count]) => `${instance} ${count}`);
  return `instances: ${instances.join(', ')}`;
};

/** The most frequent. */
const common = (errors: string[]) => {
  const times = (error: string) => errors.filter(other => other === error).length;
  return errors.reduce((most, error) => (times(error) > times(most) ? error : most));
};
