/** The version of this contract. It changes when a client of the version before would no longer be understood. */
export const contractVersion = '1';

/** The header of every REST answer that tells it; the answer to a Socket.IO CONNECT has it as `contract`. */
export const contractHeader = 'Parley-Contract';
