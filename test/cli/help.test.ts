import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import type { Command, Entry } from '../../src/cli/command.ts';
import { admin } from '../../src/cli/commands/admin.ts';
import { migrate } from '../../src/cli/commands/migrate.ts';
import { restored } from '../../src/cli/commands/restored.ts';
import { runProgram } from '../../src/cli/run.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { answerOf, refusalOf } from './program.ts';

/** Some calls are processes that begin with the TypeScript loader; on a busy machine that is slow. */
vi.setConfig({ testTimeout: 300_000 });

const entries: Entry[] = [migrate, admin, restored];
const commands: [string, Command][] = [
  ['migrate', migrate],
  ['restored', restored],
  ...admin.commands.map((command): [string, Command] => [`admin ${command.name}`, command]),
];

/** The program within this process, where only its words matter. */
const say = async (...argv: string[]) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const code = await runProgram({ entries, version: () => '1.2.3' }, argv, createTerminal({ stdin, stdout, stderr }));
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
};

const misuse = (...argv: string[]): Promise<string> =>
  say(...argv).then(
    answer => Promise.reject(new Error(`it ran: ${JSON.stringify(answer)}`)),
    (error: Error) => {
      expect(error.name).toBe('Misuse');
      return error.message;
    },
  );

describe('help', () => {
  test.each([[['--help']], [['-h']], [['help']], [['help', '--help']]])('parley %j lists every command', async argv => {
    const { code, stdout } = await say(...argv);
    expect(code).toBe(0);
    for (const { name, summary } of entries) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
  });

  test('parley alone says the same, to standard error, as it did nothing', async () => {
    expect(await say()).toEqual({ code: 2, stdout: '', stderr: (await say('--help')).stdout });
  });

  test('a group lists its commands, also where none was said', async () => {
    const { stdout } = await say('admin', '--help');
    for (const { name, summary } of admin.commands) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    expect(await say('help', 'admin')).toEqual({ code: 0, stdout, stderr: '' });
    expect(await say('admin')).toEqual({ code: 2, stdout: '', stderr: stdout });
  });

  test.each(commands)(
    'parley %s: its help says how it is called, every option, and fits a terminal',
    async (path, command) => {
      const { code, stdout } = await say(...path.split(' '), '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: parley ${path}`);
      expect(stdout).toContain(command.usage);
      for (const [name, { meaning }] of Object.entries(command.options ?? {})) {
        expect(stdout).toContain(`--${name} `);
        expect(stdout).toContain(meaning);
        expect(command.usage).toContain(`--${name}`);
      }
      expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(100);
      expect(await say('help', ...path.split(' '))).toEqual({ code: 0, stdout, stderr: '' });
      expect((await say(...path.split(' '), 'somebody', '-h')).stdout).toBe(stdout);
    },
  );
});

test('docs/cli.md says how each command is called', () => {
  const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  for (const [path, { usage }] of commands) expect(text).toContain(`\`parley ${path} ${usage}\``);
});

describe('what is called wrongly', () => {
  test.each([
    [['migrat'], 'There is no command migrat. Did you mean migrate?'],
    [['Admin'], 'There is no command Admin. Did you mean admin?'],
    [['admin', 'grnt', 'bob'], 'There is no command admin grnt. Did you mean grant?'],
    [['admin', 'sesions'], 'There is no command admin sesions. Did you mean sessions?'],
    [['frobnicate'], 'There is no command frobnicate. See: parley --help'],
    [['help', 'frobnicate'], 'There is no command frobnicate. See: parley --help'],
    [['admin', 'frobnicate'], 'There is no command admin frobnicate. See: parley admin --help'],
    [['--frobnicate'], 'There is no option --frobnicate. See: parley --help'],
    [['migrate', 'down'], 'migrate does status or up. See: parley migrate --help'],
    [['migrate', 'status', '--dry-run'], '--dry-run belongs to: parley migrate up'],
    [['migrate', '--force'], "Unknown option '--force'. See: parley migrate --help"],
    [['admin', 'grant'], 'parley admin grant needs USERNAME. See: parley admin grant --help'],
    [
      ['admin', 'revoke-session', 'bob'],
      'Either the ID of a session or --all is needed. See: parley admin revoke-session --help',
    ],
    [
      ['admin', 'revoke-session', 'bob', 'id', '--all'],
      'Either the ID of a session or --all is needed. See: parley admin revoke-session --help',
    ],
  ])('parley %j', async (argv, line) => {
    expect(await misuse(...argv)).toBe(line);
  });

  test.each([
    [['admin', 'reset-password', 'bob', 'hunter2hunter2']],
    [['admin', 'reset-password', 'bob', '--password=hunter2hunter2']],
    [['admin', 'reset-password', 'bob', '--password', 'hunter2hunter2']],
    [['admin', 'reset-password', 'bob', '--password-stdin=hunter2hunter2']],
  ])('a password as an argument is refused and not repeated: %j', async argv => {
    expect(await misuse(...argv)).not.toContain('hunter2');
  });

  test('a name that begins with a hyphen can be said behind --', async () => {
    expect(await misuse('admin', 'grant', '-x-', 'more')).toContain('Unknown option');
    expect(await misuse('admin', 'grant', '--', '-x-', 'more')).toContain('takes fewer arguments');
  });
});

describe('as a process', () => {
  test('it prints help without looking at the environment, and its version', async () => {
    expect(await answerOf(['--help'], { PORT: 'none' })).toContain('Usage: parley COMMAND');
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await answerOf(['--version'])).toBe(`${version}\n`);
  });

  test('a misuse is one line and exit code 2', async () => {
    expect(await refusalOf(['migrat'])).toEqual({ code: 2, line: 'There is no command migrat. Did you mean migrate?' });
  });

  test('a wrong environment is named, without its value', async () => {
    const { code, line } = await refusalOf(['migrate', 'status'], { PORT: 'port-of-my-own' });
    expect({ code, line }).toEqual({ code: 1, line: expect.stringMatching(/^PORT must be an integer/) });
    expect(line).not.toContain('port-of-my-own');
    expect((await refusalOf(['admin', 'list'], { MYSQL_URL: 'mysql://a:b@127.0.0.1/c' })).line).toMatch(
      /^MYSQL_URL is set, hence/,
    );
  });
});
