import type { Config } from '../../config.ts';
import { type Command, json } from '../command.ts';
import { Misuse } from '../failures.ts';
import { type Schema, type Targets, targetsOf, told } from '../migrations.ts';
import { readSettings } from '../settings.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const migrate: Command = {
  name: 'migrate',
  summary: 'Show or bring up to date what the databases look like',
  usage: '[status | up [--dry-run]] [--json]',
  text: `A server does the same when it starts; this is for who wants to see it, or to have it done, before. \`status\`, the default, writes
nothing and works while servers run. \`up\` applies what is pending; run it twice, or from two machines at once, and it is still done once.`,
  options: {
    'dry-run': { type: 'boolean', meaning: 'Of up: only say what it would do.' },
    ...json,
  },
  words: { min: 0, max: 1 },
  async run({ words: [what = 'status'], flags }, terminal) {
    if (what !== 'status' && what !== 'up') throw new Misuse('migrate does status or up. See: parley migrate --help');
    const dry = flags['dry-run'] === true;
    if (dry && what !== 'up') throw new Misuse('--dry-run belongs to: parley migrate up');
    const config = readSettings();
    const asJson = flags['json'] === true;
    if (what === 'status') await status(config, terminal, asJson);
    else if (dry) await dryRun(config, terminal, asJson);
    else await up(config, terminal, asJson);
  },
};

const schemasOf = async ({ sql, log }: Targets) => ({
  sql: await told(sql, target => target.status()),
  log: await told(log, target => target.status()),
});

const isUpToDate = (schemas: Record<string, Schema>) =>
  Object.values(schemas).every(({ pending }) => pending.length === 0);

const status = async (config: Config, terminal: Terminal, asJson: boolean) => {
  const targets = targetsOf(config);
  const schemas = await schemasOf(targets);
  const up_to_date = isUpToDate(schemas);
  if (asJson) return terminal.json({ up_to_date, ...schemas });
  const rows = (['sql', 'log'] as const).flatMap(key => [
    ...schemas[key].applied.map(name => [targets[key].name, 'applied', name]),
    ...schemas[key].pending.map(name => [targets[key].name, 'pending', name]),
  ]);
  terminal.line(table(['DATABASE', 'STATE', 'WHAT'], rows));
  terminal.line(up_to_date ? 'Everything is up to date.' : 'Not up to date: parley migrate up');
};

const dryRun = async (config: Config, terminal: Terminal, asJson: boolean) => {
  const targets = targetsOf(config);
  const schemas = await schemasOf(targets);
  const { sql, log } = schemas;
  if (asJson) return terminal.json({ dry_run: true, sql: sql.pending, log: log.pending });
  for (const key of ['sql', 'log'] as const)
    for (const name of schemas[key].pending) terminal.line(`${targets[key].name}: would apply ${name}`);
  terminal.line(isUpToDate(schemas) ? 'Everything is up to date.' : 'Nothing was written.');
};

const up = async (config: Config, terminal: Terminal, asJson: boolean) => {
  const targets = targetsOf(config);
  const done = {
    sql: await told(targets.sql, target => target.up()),
    log: await told(targets.log, target => target.up()),
  };
  if (asJson) return terminal.json({ dry_run: false, ...done });
  for (const key of ['sql', 'log'] as const)
    for (const name of done[key]) terminal.line(`${targets[key].name}: applied ${name}`);
  terminal.line(done.sql.length + done.log.length > 0 ? 'Everything is up to date now.' : 'Everything was up to date.');
};
