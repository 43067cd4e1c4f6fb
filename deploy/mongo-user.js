// Runs once, in the MongoDB container, before its first start: the account of the instances, for their database alone.
db.getSiblingDB('parley').createUser({
  user: 'parley',
  pwd: process.env.MONGO_PASSWORD,
  roles: [
    { role: 'readWrite', db: 'parley' },
    { role: 'dbAdmin', db: 'parley' },
  ],
});
