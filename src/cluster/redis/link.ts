import { createHash } from 'node:crypto';
import { Command } from 'ioredis';
import { openConnection } from './connection.ts';
import type { Stats } from './stats.ts';

export type Argument = string | number | Buffer;

export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** A script by its hash; `text` sees KEYS and ARGV. */
export const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/**
 * Sends commands to Redis as long as it answers in time. A breaker: where one answer is late, everything that waits fails at once, and
 * nothing is sent until Redis has answered a ping in time. Hence nobody waits longer than `patienceMs`, and nothing piles up.
 */
export interface Link {
  /** Whether Redis answers. */
  readonly up: boolean;
  /** Milliseconds since it was last down for over a second, or began. */
  readonly steadyMs: number;
  /** Replies with text; where it did not get through, with an error. `done` must not throw. Never throws. */
  send(command: string, args: Argument[], done?: (error: Error | undefined, reply: unknown) => void): void;
  /** Rejects where Redis refuses, is down, or late: at once where that is known. */
  call(command: string, args: Argument[]): Promise<unknown>;
  run(script: Script, keys: string[], args: Argument[]): Promise<unknown>;
  /** `outageMs` since it was last up; Infinity the first time. */
  onUp(listener: (outageMs: number) => void): void;
  onDown(listener: () => void): void;
  close(): void;
}

/** A timer as late as this tells that the process itself stood still: answers may lie unread. */
const stoodStillMs = 15;
const tickMs = 100;
/** How often an idle link is tried. */
const pingEveryMs = 1_000;
/** A connection on which a ping stays unanswered so long is given up: half-open ones look like this. */
const deadAfterMs = 2_000;
/** A link that goes down again this soon is left alone for longer each time. */
const relapseMs = 2_000;
const longestHoldMs = 1_600;
const steadyAfterMs = 1_000;

const unreachable = new Error('Redis does not answer.');

const isUnknownScript = (error: unknown) => error instanceof Error && error.message.startsWith('NOSCRIPT');

interface Waiting {
  at: number;
  fail: () => void;
}

export const createLink = ({
  url,
  name,
  stats,
  patienceMs,
}: {
  url: string;
  name: string;
  stats: Stats;
  /** How long an answer may take. */
  patienceMs: number;
}): Link & { readonly lastError: Error | undefined } => {
  /** In the order in which they were sent, which is the order of the answers. */
  const waiting = new Set<Waiting>();
  const upListeners: ((outageMs: number) => void)[] = [];
  const downListeners: (() => void)[] = [];
  let up = false;
  let downSince = Number.NEGATIVE_INFINITY;
  let upSince = 0;
  let steadySince = performance.now();
  let holdMs = 0;
  let deadline: NodeJS.Timeout | undefined;
  let probeSince: number | undefined;
  let pingedAt = 0;
  let closed = false;

  const connection = openConnection({
    url,
    name,
    onReady: () => probe(),
    onClosed: () => {
      probeSince = undefined;
      goDown();
    },
  });
  const { client } = connection;

  const goDown = () => {
    if (!up) return;
    up = false;
    const now = performance.now();
    holdMs = now - upSince < relapseMs ? Math.min(Math.max(2 * holdMs, tickMs), longestHoldMs) : 0;
    downSince = now;
    clearTimeout(deadline);
    deadline = undefined;
    const failed = [...waiting];
    waiting.clear();
    for (const { fail } of failed) fail();
    for (const listener of downListeners) listener();
  };

  const goUp = () => {
    if (up || closed) return;
    up = true;
    upSince = performance.now();
    const outageMs = upSince - downSince;
    if (outageMs > steadyAfterMs) steadySince = upSince;
    for (const listener of upListeners) listener(outageMs);
  };

  /** While down: one ping at a time; the link is up again when one is answered in time. */
  const probe = () => {
    if (up || closed || probeSince !== undefined || client.status !== 'ready') return;
    if (performance.now() - downSince < holdMs) return;
    const since = performance.now();
    probeSince = since;
    client.ping().then(
      () => {
        if (probeSince !== since) return;
        probeSince = undefined;
        // The one that was answered late was stuck behind what broke the link.
        if (performance.now() - since < patienceMs) goUp();
        else probe();
      },
      () => {
        if (probeSince === since) probeSince = undefined;
      },
    );
  };

  const watch = (ms: number) => {
    const due = performance.now() + ms;
    deadline = setTimeout(() => {
      const stoodStill = performance.now() - due > stoodStillMs;
      // What has arrived is read before it is judged.
      setImmediate(() => judge(stoodStill));
    }, ms);
  };

  const judge = (stoodStill: boolean) => {
    deadline = undefined;
    const [oldest] = waiting;
    if (!oldest) return;
    const left = oldest.at + patienceMs - performance.now();
    if (left > 1 || stoodStill) {
      watch(Math.max(left, patienceMs / 2));
      return;
    }
    stats.timeouts += 1;
    goDown();
  };

  /** Writes of one turn leave in one packet: this halves what a command costs. */
  const cork = () => {
    const { stream } = client;
    if (!stream || stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  };

  const send: Link['send'] = (command, args, done) => {
    if (!up) {
      stats.skipped += 1;
      done?.(unreachable, undefined);
      return;
    }
    stats.commands += 1;
    const own: Waiting = {
      at: performance.now(),
      fail: () => {
        stats.failures += 1;
        done?.(unreachable, undefined);
      },
    };
    waiting.add(own);
    if (deadline === undefined) watch(patienceMs);
    cork();
    const settle = (error?: Error | null, reply?: unknown) => {
      if (!waiting.delete(own)) return;
      if (error && !isUnknownScript(error)) stats.failures += 1;
      done?.(error ?? undefined, reply);
    };
    const sent = client.sendCommand(new Command(command, args, { replyEncoding: 'utf8' }, settle));
    // `settle` has heard of it already.
    (sent as Promise<unknown>).catch(() => undefined);
  };

  const call: Link['call'] = (command, args) =>
    new Promise((resolve, reject) => {
      send(command, args, (error, reply) => (error ? reject(error) : resolve(reply)));
    });

  const tick = setInterval(() => {
    const now = performance.now();
    if (!up) {
      if (probeSince !== undefined && now - probeSince > deadAfterMs) {
        probeSince = undefined;
        connection.reset();
      } else probe();
    } else if (now - pingedAt > pingEveryMs) {
      pingedAt = now;
      send('PING', []);
    }
  }, tickMs).unref();

  return {
    get up() {
      return up;
    },
    get steadyMs() {
      return performance.now() - steadySince;
    },
    get lastError() {
      return connection.lastError;
    },
    send,
    call,
    async run({ sha, text }, keys, args) {
      try {
        return await call('EVALSHA', [sha, keys.length, ...keys, ...args]);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        // A Redis that was restarted does not know it any more.
        return call('EVAL', [text, keys.length, ...keys, ...args]);
      }
    },
    onUp: listener => void upListeners.push(listener),
    onDown: listener => void downListeners.push(listener),
    close() {
      closed = true;
      clearInterval(tick);
      goDown();
      connection.close();
    },
  };
};
