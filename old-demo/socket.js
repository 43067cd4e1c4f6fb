// @ts-check
/** @import { DisconnectCode, ErrorBody, Input, LogEvent, OperationName, Output, Presence, Receipt, User } from '../src/protocol/index.ts' */
/** @import { Session } from './session.js' */
import { io } from '/socket.io/socket.io.esm.min.js';
import { Failure, failureOf, isAboutToken, offline } from './failure.js';

/**
 * @typedef {'connecting' | 'online' | 'reconnecting' | 'stopped'} ConnectionState `stopped`: only the person can go on
 * @typedef {ReturnType<typeof createSocket>} Socket
 *
 * @typedef {object} Receivers
 * @property {() => void} connected
 * @property {() => void} changed the state
 * @property {(events: LogEvent[]) => void} events
 * @property {(digest: { epoch: string, heads: Record<string, number> }) => void} heads
 * @property {(typing: { conversation_id: string, typing: User[], more: number }) => void} typing
 * @property {(presence: Presence) => void} presence
 * @property {(receipts: { conversation_id: string, receipts: Receipt[] }) => void} receipts
 */

const logEvents = [
  ...['message:created', 'message:edited', 'message:unsent', 'reaction:added', 'reaction:removed'],
  ...['member:joined', 'member:left', 'member:removed', 'member:updated'],
  ...['conversation:created', 'conversation:updated', 'conversation:removed'],
];
const answerWithinMs = 8_000;
const backoff = { firstMs: 500, mostMs: 8_000 };

/**
 * The live connection. It comes back by itself as long as there is a session, and obeys what the server says when it closes.
 *
 * @param {{ session: Session, receivers: Receivers }} parts
 */
export const createSocket = ({ session, receivers }) => {
  /** @type {ConnectionState} */
  let state = 'connecting';
  /** @type {{ code: DisconnectCode, reconnect: boolean, after_ms: number } | undefined} */
  let closing;
  let refusals = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let over = false;
  /** The token that this connection lives by; another tab may have stored a newer one already. */
  let token = '';

  const socket = io({
    autoConnect: false,
    reconnectionDelay: backoff.firstMs,
    reconnectionDelayMax: backoff.mostMs,
    timeout: 10_000,
    // A failed refresh still has to answer, or the handshake hangs: the server refuses the old token and the page comes again.
    auth: give => {
      /** @param {string} next */
      const begin = next => {
        token = next;
        give({ token });
      };
      session.token().then(begin, () => begin(session.held()));
    },
  });

  /** @param {ConnectionState} next */
  const become = next => {
    if (state === next || over) return;
    state = next;
    receivers.changed();
  };

  const connectNow = () => {
    clearTimeout(timer);
    if (over || socket.connected) return;
    socket.disconnect();
    socket.connect();
  };

  /** @param {number} ms */
  const connectIn = ms => {
    clearTimeout(timer);
    socket.disconnect();
    become('reconnecting');
    timer = setTimeout(connectNow, ms);
  };

  const nextBackoff = () => {
    refusals += 1;
    return Math.min(backoff.mostMs, backoff.firstMs * 2 ** refusals) * (0.5 + Math.random());
  };

  socket.on('connect', () => {
    closing = undefined;
    refusals = 0;
    become('online');
    receivers.connected();
  });

  socket.on('connect_error', async error => {
    if (over) return;
    become(state === 'connecting' ? 'connecting' : 'reconnecting');
    if (socket.active) return;
    // The server refused this handshake: a stock client does not come back by itself.
    const data = /** @type {{ code?: string, retry_after_ms?: number } | undefined} */ (Reflect.get(error, 'data'));
    const wait = nextBackoff();
    if (isAboutToken(data?.code)) {
      if (data?.code === 'signed_out') return session.end('signed_out');
      try {
        await session.refresh(token);
      } catch (cause) {
        console.info('The tokens could not be exchanged yet.', cause);
      }
    }
    if (!over) connectIn(Math.max(wait, data?.retry_after_ms ?? 0));
  });

  socket.on('closing', notice => {
    closing = notice;
  });

  socket.on('disconnect', reason => {
    if (over) return;
    const why = closing;
    closing = undefined;
    if (why && !why.reconnect) {
      if (why.code === 'signed_out' || why.code === 'account_erased') return session.end(why.code);
      socket.disconnect();
      return become('stopped');
    }
    become('reconnecting');
    if (why) connectIn(why.after_ms);
    else if (reason === 'io server disconnect') connectIn(nextBackoff());
  });

  socket.on('session:expiring', async () => {
    try {
      const next = await session.refresh(token);
      await request('session:renew', { token: next });
      token = next;
    } catch (error) {
      // The server will close the socket as `token_expired`, and the page comes back with whatever is fresh then.
      console.info('The live connection could not be renewed in place.', error);
    }
  });

  for (const name of logEvents) socket.on(name, event => receivers.events([event]));
  socket.on('log:batch', receivers.events);
  socket.on('heads', receivers.heads);
  socket.on('typing:updated', receivers.typing);
  socket.on('presence:updated', receivers.presence);
  socket.on('receipt:updated', receivers.receipts);

  /**
   * One command, answered by the server. Rejects with a Failure only; nothing is queued while there is no connection.
   *
   * @template {OperationName} N
   * @param {N} name
   * @param {Input<N>} input
   * @returns {Promise<Output<N>>}
   */
  const request = (name, input) =>
    new Promise((resolve, reject) => {
      if (!socket.connected) return reject(offline());
      socket.timeout(answerWithinMs).emit(
        name,
        input,
        /** @param {Error | null} late @param {{ ok: true, data: Output<N> } | { ok: false, error: ErrorBody }} result */
        (late, result) => {
          if (late)
            reject(new Failure('no_answer', 'The server did not answer; it may have happened.', { retryable: true }));
          else if (result?.ok) resolve(result.data);
          else reject(failureOf(result.error));
        },
      );
    });

  const onOnline = () => connectNow();
  const onOffline = () => receivers.changed();
  const onVisible = () => {
    if (document.visibilityState === 'visible' && state === 'reconnecting') connectNow();
  };
  addEventListener('online', onOnline);
  addEventListener('offline', onOffline);
  document.addEventListener('visibilitychange', onVisible);

  return {
    request,
    state: () => state,
    start: () => socket.connect(),
    /** Tries at once, whatever wait there was. */
    retryNow() {
      if (state === 'stopped') become('reconnecting');
      connectNow();
    },
    stop() {
      over = true;
      state = 'stopped';
      clearTimeout(timer);
      removeEventListener('online', onOnline);
      removeEventListener('offline', onOffline);
      document.removeEventListener('visibilitychange', onVisible);
      socket.disconnect();
    },
  };
};
