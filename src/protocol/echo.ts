import { z } from 'zod';

/**
 * What an instance tells anybody about itself and the request, at `/health/echo` and `/socket.io/echo`: `parley doctor`
 * compares it over the instances of a deployment. There is nothing in it that the caller could not have had otherwise.
 */
export const echo = z.object({
  /** Where the server believes the caller to be. */
  address: z.string(),
  /** How many addresses X-Forwarded-For had when the request arrived. */
  forwarded: z.int(),
  /** What the proxy says that the client spoke. */
  proto: z.enum(['http', 'https']),
  instance: z.string(),
  /** Random, of this process: two under one instance id show that there are two. */
  boot: z.string(),
  /** The instance's clock, in milliseconds since 1970. */
  time: z.int(),
  /** Derived from the secret that signs the tokens: equal where the secrets are, and of no use for guessing it. */
  secret: z.string(),
  version: z.string(),
  max_packet_bytes: z.int(),
  ping_interval_ms: z.int(),
  ping_timeout_ms: z.int(),
});

export type Echo = z.infer<typeof echo>;

/** `/health/stream` and `/socket.io/stream`: so many lines, with this many milliseconds between them. */
export const streamed = { lines: 3, everyMs: 300 } as const;
