import { type Command, json } from '../command.ts';
import { Failure, Misuse } from '../failures.ts';
import { reasonOf, type Schema, type Target, targetsOf } from '../migrations.ts';
import { readSettings } from '../settings.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const migrate: Command = {
  name: 'migrate',
  summary: 'Show or bring up to date what the databases look like',
  usage: '[status | up] [--dry-run] [--json]',
  text: `A server does the same when it starts; this is for who wants to see it, or to have it done, before. \`status\`, the default, writes
nothing and works while servers run. \`up\` applies what is pending; run it twice, or from two machines at once, and it is still done once.`,
  options: {
    'dry-run': { type: 'boolean', meaning: 'Only say what up would do.' },
    ...json,
  },
  words: { min: 0, max: 1 },
  async run({ words, flags }, terminal) {
    const dry = flags['dry-run'] === true;
    const what = words[0] ?? (dry ? 'up' : 'status');
    if (what !== 'status' && what !== 'up') throw new Misuse('migrate does status or up. See: parley migrate --help');
    if (dry && what !== 'up') throw new Misuse('--dry-run belongs to: parley migrate up');
    const targets = targetsOf(readSettings());
    const answers = await (what === 'status' || dry ? lookAt(targets) : bringUp(targets));
    if (flags['json']) terminal.json(asJson(answers, what, dry));
    else tell(answers, what, dry, terminal);
    const failures = answers.flatMap(({ failure }) => failure ?? []);
    if (failures.length > 0) throw new Failure(failures.join(' '));
  },
};

/** What one database said: one that does not answer keeps nobody from hearing of the other. */
interface Answer {
  target: Target;
  schema?: Schema;
  failure?: string;
}

const ask = async (target: Target, question: () => Promise<Schema>): Promise<Answer> => {
  try {
    return { target, schema: await question() };
  } catch (error) {
    return { target, failure: reasonOf(target, error) };
  }
};

const lookAt = (targets: Target[]): Promise<Answer[]> =>
  Promise.all(targets.map(target => ask(target, () => target.status())));

/** One after the other; after a failure the next is not begun. */
const bringUp = async (targets: Target[]): Promise<Answer[]> => {
  const answers: Answer[] = [];
  for (const target of targets) {
    const answer = await ask(target, async () => ({ applied: await target.up(), pending: [] }));
    answers.push(answer);
    if (answer.failure) break;
  }
  return answers;
};

const isUpToDate = (answers: Answer[]) => answers.every(({ schema }) => schema?.pending.length === 0);

const asJson = (answers: Answer[], what: string, dry: boolean) => {
  const of = (key: Target['key']) => answers.find(({ target }) => target.key === key)?.schema ?? null;
  const [sql, log] = [of('sql'), of('log')];
  if (what === 'status') return { up_to_date: isUpToDate(answers), sql, log };
  const names = (schema: Schema | null) => schema && (dry ? schema.pending : schema.applied);
  return { dry_run: dry, sql: names(sql), log: names(log) };
};

const tell = (answers: Answer[], what: string, dry: boolean, terminal: Terminal) => {
  const told = answers.flatMap(({ target: { name }, schema }) => (schema ? [{ name, schema }] : []));
  const upToDate = isUpToDate(answers);
  const complete = told.length === answers.length;
  if (what === 'status') {
    const rows = told.flatMap(({ name, schema }) => rowsOf(name, schema));
    if (rows.length > 0) terminal.line(table(['DATABASE', 'STATE', 'WHAT'], rows));
    if (complete) terminal.line(upToDate ? 'Everything is up to date.' : 'Not up to date: parley migrate up');
  } else if (dry) {
    for (const { name, schema } of told)
      for (const item of schema.pending) terminal.line(`${name}: would apply ${item}`);
    if (complete) terminal.line(upToDate ? 'Everything is up to date.' : 'Nothing was written.');
  } else {
    for (const { name, schema } of told) for (const item of schema.applied) terminal.line(`${name}: applied ${item}`);
    const none = told.every(({ schema }) => schema.applied.length === 0);
    if (complete) terminal.line(none ? 'Everything was up to date.' : 'Everything is up to date now.');
  }
};

const rowsOf = (name: string, { applied, pending }: Schema): string[][] => {
  const rows = [...applied.map(item => [name, 'applied', item]), ...pending.map(item => [name, 'pending', item])];
  return rows.length > 0 ? rows : [[name, 'complete']];
};
