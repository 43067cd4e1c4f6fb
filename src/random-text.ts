import { randomBytes } from 'node:crypto';

/** Bytes drawn at once: a call of the random source costs more than everything else about an id. */
const supplyBytes = 3_072;

/** Makes texts of `length` base64url characters (6 random bits each), cut from a supply. */
export const createRandomText = (length: number): (() => string) => {
  let supply = '';
  let used = 0;
  return () => {
    if (used + length > supply.length) {
      supply = randomBytes(supplyBytes).toString('base64url');
      used = 0;
    }
    used += length;
    return supply.slice(used - length, used);
  };
};
