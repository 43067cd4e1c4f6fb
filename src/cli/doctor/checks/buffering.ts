import { streamed } from '../../../protocol/echo.ts';
import type { Check, Context } from '../check.ts';
import { duration, type Finding, fail, ok, skip } from '../finding.ts';
import { atEachPlace } from '../places.ts';

/** Lines that the server writes one by one arrive one by one. */
export const buffering: Check = {
  name: 'buffering',
  run: context => atEachPlace('stream', path => look(context, path)),
};

const look = async ({ probe }: Context, path: string): Promise<Finding> => {
  const arrivals: number[] = [];
  const answer = await probe.patiently(path, { onData: () => arrivals.push(performance.now()) });
  const lines = answer.text.split('\n').filter(line => line !== '');
  if (answer.status !== 200 || lines.length !== streamed.lines)
    return skip(`{path} answered HTTP ${answer.status}`, 'Let the proxy pass it on to the instances.');
  const spreadMs = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
  const writtenMs = (streamed.lines - 1) * streamed.everyMs;
  if (spreadMs >= writtenMs / 2) return ok(`${streamed.lines} lines of ${duration(writtenMs)} came one by one`);
  return fail(
    `${streamed.lines} lines of ${duration(writtenMs)} came together: {path}`,
    'The proxy holds answers back. nginx, {location}: proxy_buffering off; other proxies and CDNs: no buffering and no caching for this host.',
  );
};
