import { openMongoLog } from '../../src/storage/log/mongo/log.ts';
import { append, message, newEvent } from '../contracts/log-harness.ts';

/*
 * Appends a message to the conversation `talk`, says so, and then what is named on the command line: `message` or `react`.
 * It is meant to be killed while that is on its way.
 */
const [uri, kind] = process.argv.slice(2);
if (!uri || !kind) throw new Error('usage: crash-child <uri> message|react');
const log = await openMongoLog({ uri, poolSize: 4 });
await append(log, 'talk', message('first'));
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const event = kind === 'react' ? newEvent('react', { target_seq: 1, emoji: '👍' }, 'bob') : message('second', 'bob');
  void append(log, 'talk', event);
});
