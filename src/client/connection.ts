import type { Input, LogEvent, OperationName, Output } from '../protocol/index.ts';
import type { Address } from './address.ts';
import { ChatError, isAboutToken, offline, sessionEnded } from './errors.ts';
import { createReceive, type OnSignal } from './incoming.ts';
import { type Closing, type Link, openLink } from './link.ts';
import { watchNetwork } from './network.ts';
import { createObservable, type Observable } from './observable.ts';
import type { Session } from './session.ts';
import { jittered, verdictOn } from './verdict.ts';

/**
 * `connecting`: it is being tried. `waiting`: the next try is at `until` (milliseconds since 1970). `ended`: only the person can go on,
 * by signing in or by `start`. `error`: why there is no connection, kept until there is one.
 */
export interface ConnectionState {
  status: 'stopped' | 'connecting' | 'online' | 'waiting' | 'ended';
  until?: number;
  error?: ChatError;
}

export interface Connection {
  state: Observable<ConnectionState>;
  /** Connects, and from then on comes back by itself as long as somebody is signed in. */
  start(): void;
  /** Cuts whatever wait there is short. */
  retryNow(): void;
  stop(): void;
  /** One command. Rejects with `ChatError` only: `offline` where nothing was sent, `no_answer` after `timeoutMs` (8,000 where absent) or when the connection is cut meanwhile. */
  call<N extends OperationName>(name: N, input: Input<N>, options?: { timeoutMs?: number }): Promise<Output<N>>;
}

/** A connection that stood this long, in milliseconds, was no failure. */
const stoodMs = 10_000;
const longestTimerMs = 2 ** 31 - 1;

/** The live connection of the session. None of the callbacks is called by a connection that is over, and what they throw `onError` is told. */
export const createConnection = ({
  address,
  session,
  onLogEvents,
  onSignal,
  onConnected,
  onInboxConnected,
  onError,
}: {
  address: Address;
  session: Session;
  /** All log events, in the order of arrival. */
  onLogEvents: (events: LogEvent[]) => void;
  onSignal: OnSignal;
  onConnected: () => void;
  /** New entries of the inbox are told from now on: those before have to be asked for. */
  onInboxConnected: () => void;
  onError: (error: unknown) => void;
}): Connection => {
  const state = createObservable<ConnectionState>({ status: 'stopped' }, onError);
  let link: Link | undefined;
  let renewing: Link | undefined;
  let closing: Closing | undefined;
  /** A token that the server would not have, whatever this device's clock says of it. */
  let refused: string | undefined;
  /** The sign-in that it is tried with. */
  let whose: string | undefined;
  let failures = 0;
  let onlineSince = 0;
  /** Raised by whatever makes a try under way pointless. */
  let turn = 0;
  /** Before this time the server does not want to be asked. */
  let notBefore = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let release: (() => void) | undefined;
  let unwatch: (() => void) | undefined;

  const guarded = (callback: () => void) => {
    try {
      callback();
    } catch (error) {
      onError(error);
    }
  };

  /** Lets go of connection, try and wait. */
  const drop = () => {
    turn += 1;
    clearTimeout(timer);
    release?.();
    release = undefined;
    const old = link;
    link = undefined;
    closing = undefined;
    old?.close();
  };

  const finish = (next: ConnectionState) => {
    drop();
    unwatch?.();
    unwatch = undefined;
    state.set(next);
  };

  const waitFor = (ms: number, error: ChatError | undefined) => {
    drop();
    const wait = Math.min(longestTimerMs, Math.max(0, ms));
    state.set({ status: 'waiting', until: Date.now() + wait, error });
    timer = setTimeout(attempt, wait);
  };

  /** `after_ms`: when the server said so of this connection; else by the backoff, on top of what an error asks for, as many others were told the same. */
  const comeBack = (error: ChatError, after_ms?: number) => {
    const wanted = after_ms ?? error.retry_after_ms ?? 0;
    notBefore = Date.now() + wanted;
    waitFor(after_ms ?? wanted + jittered(failures++), error);
  };

  /** The connection, or the try to get one, is over. `token`: what it was tried with. */
  const lost = (error: ChatError, token: string | undefined) => {
    if (state.get().status === 'online' && Date.now() - onlineSince > stoodMs) failures = 0;
    if (isAboutToken(error) || closing?.code === 'token_expired') refused = token;
    const verdict = verdictOn(error, closing);
    if (verdict.next === 'come_back') return comeBack(verdict.error, verdict.after_ms);
    finish({ status: 'ended', error: verdict.error });
    if (verdict.next === 'session_over') void session.end(verdict.reason, whose);
  };

  const receive = createReceive({
    onLogEvents,
    onSignal(name, payload) {
      if (name === 'closing') closing = payload as Closing;
      if (name === 'session:expiring') void renew();
      onSignal(name, payload);
    },
    onError,
  });

  /** In place. Where that fails the server closes the connection as `token_expired`, and it comes back with what is fresh then. */
  const renew = async () => {
    const mine = link;
    // Both namespaces warn; one renewal holds for both.
    if (!mine || renewing === mine) return;
    renewing = mine;
    try {
      const token = await session.refresh(mine.token);
      if (link === mine) await mine.renew(token);
    } catch (error) {
      if (link === mine) onError(error);
    } finally {
      if (renewing === mine) renewing = undefined;
    }
  };

  const attempt = async () => {
    drop();
    const mine = turn;
    state.set({ status: 'connecting', error: state.get().error });
    whose = session.id();
    try {
      // Before the first byte: a server does not wait for the handshake of an open connection for as long as an exchange may take.
      await (refused === undefined ? session.token() : session.refresh(refused));
      if (mine !== turn) return;
    } catch (error) {
      if (mine !== turn) return;
      lost(error instanceof ChatError ? error : offline(error), undefined);
      return;
    }
    refused = undefined;
    const opened: Link = openLink({
      address,
      token: session.token,
      receive,
      onOpen() {
        onlineSince = Date.now();
        release = session.keepFresh();
        state.set({ status: 'online' });
        guarded(onConnected);
      },
      onInbox: () => guarded(onInboxConnected),
      onLost: error => lost(error, opened.token),
    });
    link = opened;
  };

  session.onEnded(reason => {
    if (state.get().status === 'stopped' || state.get().status === 'ended') return;
    finish(reason === 'here' ? { status: 'stopped' } : { status: 'ended', error: sessionEnded(reason) });
  });

  const retryNow = () => {
    if (state.get().status !== 'waiting') return;
    void attempt();
  };

  return {
    state,
    retryNow,

    start() {
      const { status } = state.get();
      if (status !== 'stopped' && status !== 'ended') return retryNow();
      failures = 0;
      refused = undefined;
      unwatch = watchNetwork({
        onBetter: () => Date.now() >= notBefore && retryNow(),
        onOffline() {
          if (link) comeBack(offline());
        },
      });
      void attempt();
    },

    stop: () => finish({ status: 'stopped' }),

    call: (name, input, { timeoutMs = 8_000 } = {}) =>
      link ? link.call(name, input, timeoutMs) : Promise.reject(offline()),
  };
};
