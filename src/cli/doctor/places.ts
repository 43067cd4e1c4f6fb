/** Where the server answers `echo` and `stream`: a proxy has settings of its own for each, by the location that serves it. */
export interface Place {
  /** What stands behind the name. */
  base: string;
  query: string;
  /** The location of nginx. */
  location: string;
}

/** With the id of a connection and without, as some proxies tell those apart. */
export const places: Place[] = [
  { base: '/health', query: '', location: 'location /health/' },
  { base: '/socket.io', query: '', location: 'location /socket.io/' },
  { base: '/socket.io', query: '?sid=none', location: 'location /socket.io/' },
];
