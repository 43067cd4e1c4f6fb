import type { Log } from '../../src/ports/log.ts';
import { contend, message } from './log-harness.ts';

/*
 * Appends without end to the conversations named on the command line, and prints a line for each event once it was acknowledged.
 * It is meant to be killed.
 */
const [module, argument, ...conversations] = process.argv.slice(2);
if (!module || argument === undefined) throw new Error('usage: log-child <module> <argument> <conversation>...');
const opener = (await import(module)) as { open(argument: string): Promise<Log> };
const log = await opener.open(argument);

const appendFor = async (conversation_id: string, from: string) => {
  for (let i = 0; ; i += 1) {
    const { id, seq, client_id } = await contend(
      log,
      conversation_id,
      message('x'.repeat(200), from, `${process.pid}-${i}`),
    );
    // A pipe is written synchronously: what the parent has not read by now is in the pipe.
    process.stdout.write(`${JSON.stringify({ conversation_id, seq, id, client_id })}\n`);
  }
};

await Promise.all(conversations.flatMap(id => ['ann', 'bob'].map(from => appendFor(id, from))));
