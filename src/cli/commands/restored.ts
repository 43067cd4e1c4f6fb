import { type Command, yes } from '../command.ts';
import { confirm } from '../terminal.ts';
import { withCore } from '../with-core.ts';

export const restored: Command = {
  name: 'restored',
  summary: 'Renew the epoch of the log, after a backup was put back',
  usage: '[--yes]',
  text: `Clients hold on to how far they have read. After a backup was put back the log may say something else in those places; a new epoch
makes every client load anew what it shows (a \`reset\`), instead of missing or mixing messages. Nothing is deleted. Stop all instances, put
the backup back, run this once, start them again.`,
  options: yes,
  words: { min: 0, max: 0 },
  run: ({ flags }, terminal) =>
    withCore(terminal, async ({ log }) => {
      await confirm(terminal, {
        question: 'Every client will load its conversations anew.',
        word: 'restored',
        yes: flags['yes'] === true,
      });
      const epoch = await log.renewEpoch();
      terminal.line(`The log has a new epoch: ${epoch}`);
      terminal.note(
        'Clients are answered `reset` at their next sync. Passwords and sessions are those of the backup, too:',
      );
      terminal.note(
        'who signed out or changed a password since it was made should do so again (parley admin revoke-session).',
      );
    }),
};
