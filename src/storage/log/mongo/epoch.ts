import { randomBytes } from 'node:crypto';
import type { Collections } from './collections.ts';

export const newEpoch = () => randomBytes(12).toString('base64url');

/** The name of this log, as it was last read: another process may renew it. */
export interface Epoch {
  current(): string;
  /** Reads it again; rejects where the store does not answer. */
  read(): Promise<void>;
  renew(): Promise<string>;
}

export const createEpoch = ({ meta }: Pick<Collections, 'meta'>): Epoch => {
  let epoch = '';
  /** Counts the renewals, so that a read that was begun before one does not undo it here. */
  let renewals = 0;
  return {
    current: () => epoch,
    async read() {
      const begunAt = renewals;
      const found = await meta.findOne({ _id: 'epoch' });
      if (!found) throw new Error('The log has no epoch: was its database deleted?');
      if (begunAt === renewals) epoch = found.epoch;
    },
    async renew() {
      const renewed = newEpoch();
      await meta.updateOne({ _id: 'epoch' }, { $set: { epoch: renewed } }, { upsert: true });
      renewals += 1;
      epoch = renewed;
      return renewed;
    },
  };
};
