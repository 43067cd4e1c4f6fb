import { type Answer, type Probe, Refused } from './probe.ts';

/** An Engine.IO connection by HTTP long polling, packet by packet, as a stock client's would be. */
export interface Polling {
  readonly sid: string;
  readonly pingIntervalMs: number;
  /** When it was asked for, by `performance.now()`. */
  readonly opened: number;
  /** Hands packets to the server. Rejects with `Refused` unless they were taken. */
  post(packets: string): Promise<void>;
  /** Waits for packets; resolves with the answer, whatever it is. */
  poll(timeoutMs?: number): Promise<Answer>;
}

const path = '/socket.io/?EIO=4&transport=polling';
const separator = '\x1e';

/** Rejects with `Refused` where it is not let in. */
export const openPolling = async (probe: Probe, headers: Record<string, string> = {}): Promise<Polling> => {
  const answer = await probe.patiently(path, { headers });
  const [packet = ''] = answer.text.split(separator);
  if (answer.status !== 200 || !packet.startsWith('0{')) throw new Refused(answer);
  const { sid, pingInterval } = JSON.parse(packet.slice(1)) as { sid: string; pingInterval: number };
  const own = `${path}&sid=${encodeURIComponent(sid)}`;
  return {
    sid,
    pingIntervalMs: pingInterval,
    opened: performance.now() - (answer.received - answer.sent),
    async post(packets) {
      const type = { 'Content-Type': 'text/plain;charset=UTF-8' };
      const taken = await probe.request(own, { method: 'POST', headers: type, body: packets });
      if (taken.status !== 200) throw new Refused(taken);
    },
    poll: timeoutMs => probe.request(own, { timeoutMs }),
  };
};

/** The packets of an answer to a poll. */
export const packetsOf = ({ text }: Answer) => text.split(separator);

/** The instance that a connection is on: what its id begins with. */
export const instanceOf = (sid = ''): string | undefined => /^([a-z0-9-]{1,16})\./.exec(sid)?.[1];
