import { storageContract } from './contract/storage-contract.ts';
import { openStorage } from './open-storage.ts';

storageContract('SQLite', openStorage);
