/**
 * Why the server closes a socket. `closing {code, reconnect, after_ms}` is emitted, then the connection is closed.
 * `reconnect`: the client should come back by itself, after `after_ms` milliseconds.
 * `final`: a stock client is told by a Socket.IO disconnect, after which it does not come back by itself.
 */
export const disconnectCatalogue = {
  signed_out: { reconnect: false, final: true, meaning: 'The session was ended here or on another device.' },
  account_erased: { reconnect: false, final: true, meaning: 'The account was erased.' },
  too_many_sockets: {
    reconnect: false,
    final: true,
    meaning: 'The user opened more sockets than allowed; the oldest goes.',
  },
  token_expired: { reconnect: true, final: false, meaning: 'The access token ran out: come back with a fresh one.' },
  slow: { reconnect: true, final: false, meaning: 'The client did not read fast enough: come back and sync.' },
  stopping: { reconnect: true, final: false, meaning: 'This instance is stopping: come back after `after_ms`.' },
  overloaded: { reconnect: true, final: false, meaning: 'The server sheds load: come back after `after_ms`.' },
} as const satisfies Record<string, { reconnect: boolean; final: boolean; meaning: string }>;

export type DisconnectCode = keyof typeof disconnectCatalogue;
