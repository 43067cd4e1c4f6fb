import { isProduction } from '../../config.ts';
import { type Command, yes } from '../command.ts';
import { confirm } from '../terminal.ts';
import { withCore } from '../with-core.ts';

export const restored: Command = {
  name: 'restored',
  summary: 'Renew the epoch of the log, after a backup was put back',
  usage: '[--yes]',
  text: `Clients hold on to how far they have read. After a backup was put back the log may say something else in those places; a new epoch
makes every client load anew what it shows (a \`reset\`), instead of missing or mixing messages. Nothing is deleted. Stop all instances, put
the backup back, run this once, start them again. An instance that runs on uses the new epoch within seconds, but keeps in memory what was
true before the backup: it must be restarted.`,
  options: yes,
  words: { min: 0, max: 0 },
  run: ({ flags }, terminal) =>
    withCore(terminal, async ({ log }, config) => {
      await confirm(terminal, {
        question: 'Every client will load its conversations anew.',
        word: 'restored',
        yes: flags['yes'] === true,
      });
      terminal.line(`The log has a new epoch: ${await log.renewEpoch()}`);
      for (const line of advice) terminal.note(line);
      if (isProduction(config))
        terminal.note('Restart every instance that runs: it remembers what was before the backup.');
    }),
};

const advice = [
  'Clients are answered `reset` at their next sync, and load their conversations anew.',
  'Passwords and sessions are those of the backup, too: what was changed or ended since has to be again (parley admin).',
];
