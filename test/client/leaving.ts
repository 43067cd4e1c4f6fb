// A process that signs in, and leaves at a word; run by `lifecycle.test.ts`. Nothing but the client holds it up.
import { once } from 'node:events';
import { createClient } from '../../src/client/index.ts';

const [url = '', username = '', password = '', way = '', early = ''] = process.argv.slice(2);
const client = createClient({ url, onError: () => undefined });
await client.signIn({ username, password });
if (!early) await client.synced();
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
if (way === 'signOut') await client.signOut();
await client.close();
process.stdout.write('closed\n');
