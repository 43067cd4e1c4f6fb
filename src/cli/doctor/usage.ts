import { parseArgs } from 'node:util';

export interface Usage {
  url: URL;
  json: boolean;
  quick: boolean;
  timeoutMs: number;
  user?: string;
  token?: string;
}

export const doctorHelp = `parley doctor URL [--user NAME --password-stdin | --token TOKEN] [--quick] [--json] [--timeout SECONDS]

Checks from outside what breaks real deployments, by the URL that the users have.
A line for each check: ok, FAIL, WARN or skip, its name, and what was seen; below it what to change.

  --user NAME        sign in as NAME instead of registering a throw-away account
  --password-stdin   read the password from standard input
  --token TOKEN      use this access token instead
  --quick            leave out the check that has to wait for a heartbeat (about 30 seconds)
  --json             print the findings as JSON
  --timeout SECONDS  how long each step may take (default 10)

Without an account given, one named doctor-... is registered, and erased at the end.
Exit code: 0 nothing failed (there may be warnings), 1 something failed, 2 nothing could be checked.`;

const options = {
  user: { type: 'string' },
  'password-stdin': { type: 'boolean' },
  token: { type: 'string' },
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  timeout: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What was asked for; `'help'`; or in a sentence what is wrong with it. */
export const readUsage = (argv: string[]): Usage | 'help' | { problem: string } => {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  const [address, ...others] = positionals;
  if (address === undefined || others.length > 0) return { problem: 'Give one URL.' };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    return { problem: `${address} is no http or https URL.` };
  if (url.pathname !== '/' || url.search !== '') return { problem: 'Give the URL without a path.' };
  const seconds = Number(values.timeout ?? 10);
  if (!(seconds >= 1 && seconds <= 300)) return { problem: '--timeout must be 1 to 300 seconds.' };
  if ((values.user === undefined) !== (values['password-stdin'] !== true))
    return { problem: '--user and --password-stdin go together.' };
  if (values.user !== undefined && values.token !== undefined) return { problem: 'Give --user or --token, not both.' };
  return {
    url: new URL(url.origin),
    json: values.json ?? false,
    quick: values.quick ?? false,
    timeoutMs: seconds * 1_000,
    ...(values.user !== undefined && { user: values.user }),
    ...(values.token !== undefined && { token: values.token }),
  };
};

const parse = (argv: string[]) => parseArgs({ args: argv, options, allowPositionals: true, strict: true });
