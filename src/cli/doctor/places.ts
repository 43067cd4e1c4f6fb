import { type Finding, worst } from './finding.ts';

/** Where the server answers `echo` and `stream`: a proxy has settings of its own for each, by the location that serves it. */
interface Place {
  /** What stands behind the name. */
  base: string;
  query: string;
  /** The location of nginx. */
  location: string;
}

/** With the id of a connection and without, as some proxies tell those apart. */
const places: Place[] = [
  { base: '/health', query: '', location: 'location /health/' },
  { base: '/socket.io', query: '', location: 'location /socket.io/' },
  { base: '/socket.io', query: '?sid=none', location: 'location /socket.io/' },
];

/**
 * Looks at what each of them answers to `what`. Findings that are alike are told once: `{path}` in what was seen and `{location}` in the
 * remedy stand for where.
 */
export const atEachPlace = async (
  what: 'echo' | 'stream',
  look: (path: string) => Promise<Finding>,
): Promise<Finding> => {
  const found = await Promise.all(
    places.map(async ({ base, query, location }) => {
      const path = `${base}/${what}${query}`;
      return { path, location, finding: await look(path) };
    }),
  );
  const all = (words: string[]) => [...new Set(words)].join(' and ');
  return worst(
    found.map(({ finding: { status, seen, remedy } }) => {
      const alike = found.filter(({ finding }) => finding.seen === seen && finding.remedy === remedy);
      return {
        status,
        seen: seen.replace('{path}', all(alike.map(({ path }) => path))),
        ...(remedy !== undefined && { remedy: remedy.replace('{location}', all(alike.map(at => at.location))) }),
      };
    }),
  );
};
