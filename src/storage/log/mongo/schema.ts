import mongoose from 'mongoose';
import { type Collections, clientIdIndex, duplicateKey } from './collections.ts';
import { connect } from './connection.ts';
import { newEpoch } from './epoch.ts';

const names = ['events', 'heads', 'folds', 'reactions', 'writers', 'meta'] as const;

const indexes: Record<string, mongoose.mongo.IndexDescription[]> = {
  events: [
    { name: 'place', key: { conversation_id: 1, seq: 1 }, unique: true },
    { name: clientIdIndex, key: { conversation_id: 1, from: 1, client_id: 1 }, unique: true },
    {
      name: 'ordinal',
      key: { conversation_id: 1, ordinal: 1 },
      unique: true,
      partialFilterExpression: { ordinal: { $exists: true } },
    },
    { name: 'edits', key: { conversation_id: 1, edits: 1 }, partialFilterExpression: { edits: { $exists: true } } },
  ],
  heads: [{ name: 'stamp', key: { stamp: 1, _id: 1 } }],
};

interface Missing {
  collections: string[];
  indexes: [collection: string, index: mongoose.mongo.IndexDescription][];
  epoch: boolean;
}

const findMissing = async ({ database, meta }: Collections): Promise<Missing> => {
  const there = new Set((await database.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  const missing: Missing = { collections: names.filter(name => !there.has(name)), indexes: [], epoch: true };
  for (const [collection, wanted] of Object.entries(indexes)) {
    const found = there.has(collection) ? await database.collection(collection).indexes() : [];
    const known = new Set(found.map(({ name }) => name));
    for (const index of wanted) if (!known.has(index.name)) missing.indexes.push([collection, index]);
  }
  if (there.has('meta')) missing.epoch = (await meta.findOne({ _id: 'epoch' })) === null;
  return missing;
};

const describe = ({ collections, indexes, epoch }: Missing): string[] => [
  ...collections.map(name => `collection ${name}`),
  ...indexes.map(([collection, { name }]) => `index ${collection}.${name}`),
  ...(epoch ? ['epoch'] : []),
];

const codeOf = (error: unknown) => (error instanceof mongoose.mongo.MongoError ? error.code : undefined);
const namespaceExists = 48;

/** Makes what is missing, and says what that was; several may do so at once. */
export const prepare = async (collections: Collections): Promise<string[]> => {
  const missing = await findMissing(collections);
  const unless = (code: number) => (error: unknown) => {
    if (codeOf(error) !== code) throw error;
  };
  for (const name of missing.collections)
    await collections.database.createCollection(name).catch(unless(namespaceExists));
  for (const [collection, index] of missing.indexes)
    await collections.database.collection(collection).createIndexes([index]);
  if (missing.epoch) await collections.meta.insertOne({ _id: 'epoch', epoch: newEpoch() }).catch(unless(duplicateKey));
  return describe(missing);
};

const inDatabase = async <T>(uri: string, work: (collections: Collections) => Promise<T>): Promise<T> => {
  const { connection, collections } = await connect({ uri, poolSize: 2 });
  try {
    return await work(collections);
  } finally {
    await connection.close();
  }
};

/** What the log of this URI lacks, one line each. Rejects within 3 seconds where the server does not answer. */
export const inspectMongoLog = ({ uri }: { uri: string }): Promise<string[]> =>
  inDatabase(uri, async collections => describe(await findMissing(collections)));

/** Makes what the log of this URI lacks; returns what was made. */
export const prepareMongoLog = ({ uri }: { uri: string }): Promise<string[]> => inDatabase(uri, prepare);
