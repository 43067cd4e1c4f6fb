import { generateKeyPairSync, sign } from 'node:crypto';

const tag = (type: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const size =
    body.length < 128 ? Buffer.from([body.length]) : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([type]), size, body]);
};

const sequence = (...parts: Buffer[]) => tag(0x30, ...parts);
const objectId = (...bytes: number[]) => tag(0x06, Buffer.from(bytes));
const ed25519 = sequence(objectId(0x2b, 0x65, 0x70));
const utcTime = (ms: number) =>
  tag(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));

/** A certificate that nobody vouches for, and its key, as PEM. Times in milliseconds since 1970. */
export const selfSigned = (from: number, until: number) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const commonName = sequence(objectId(0x55, 0x04, 0x03), tag(0x0c, Buffer.from('localhost')));
  const name = sequence(tag(0x31, commonName));
  const validity = sequence(utcTime(from), utcTime(until));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const facts = sequence(tag(0x02, Buffer.from([1])), ed25519, name, validity, name, key);
  const signature = tag(0x03, Buffer.from([0]), sign(null, facts, privateKey));
  const body = sequence(facts, ed25519, signature).toString('base64');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
