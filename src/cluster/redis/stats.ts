/** What went over the link since the process began; numbers only grow. */
export interface Stats {
  /** Commands sent to Redis. */
  commands: number;
  /** Of those, how many got an error, or no answer in time. */
  failures: number;
  /** How often the breaker opened because an answer was late. */
  timeouts: number;
  /** Commands not sent because the link was down. */
  skipped: number;
  /** Messages published for other instances, and their bytes as characters. */
  publications: number;
  publishedBytes: number;
  /** Publications spared, as nobody else listens. */
  spared: number;
  /** Messages of others that arrived, and those that made no sense or bore no seal of ours. */
  received: number;
  malformed: number;
  /** Blocks of the log that were found in Redis, that were not, and that were put there. */
  blockHits: number;
  blockMisses: number;
  blockFills: number;
}

export const createStats = (): Stats => ({
  commands: 0,
  failures: 0,
  timeouts: 0,
  skipped: 0,
  publications: 0,
  publishedBytes: 0,
  spared: 0,
  received: 0,
  malformed: 0,
  blockHits: 0,
  blockMisses: 0,
  blockFills: 0,
});
