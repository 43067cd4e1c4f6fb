import { storageContract } from '../storage/contract/storage-contract.ts';
import { useMariadb } from './servers.ts';

const { openStorage } = useMariadb();

storageContract('MariaDB', openStorage);
