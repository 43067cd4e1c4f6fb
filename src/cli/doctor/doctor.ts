import { setMaxListeners } from 'node:events';
import { type Account, type Credentials, createAccount } from './account.ts';
import type { Check, Context } from './check.ts';
import { address } from './checks/address.ts';
import { buffering } from './checks/buffering.ts';
import { clocks } from './checks/clocks.ts';
import { duplicates } from './checks/duplicates.ts';
import { events } from './checks/events.ts';
import { host } from './checks/host.ts';
import { limits } from './checks/limits.ts';
import { reach } from './checks/reachable.ts';
import { secrets } from './checks/secrets.ts';
import { settings } from './checks/settings.ts';
import { sticky } from './checks/sticky.ts';
import { timeouts } from './checks/timeouts.ts';
import { judgeTls } from './checks/tls.ts';
import { websocket } from './checks/websocket.ts';
import { type Clients, createClients } from './clients.ts';
import { type Finding, fail, messageOf } from './finding.ts';
import { connectFrom } from './local-address.ts';
import { createProbe } from './probe.ts';
import { failed, jsonOf, linesOf, type Named, summary } from './report.ts';
import { takeSurvey } from './survey.ts';
import { inspectCertificate } from './tls.ts';
import { doctorHelp, readUsage, type Usage } from './usage.ts';

export { doctorHelp };

export interface DoctorIo {
  /** One line of the answer, and one of what is worth knowing beside it. */
  out(line: string): void;
  err(line: string): void;
  /** All of standard input, for `--password-stdin`. */
  input(): Promise<string>;
  /** Ends the run early; what was made on the way is taken back all the same. */
  signal: AbortSignal;
}

/** What can be seen at once. Those that connect come before those that name the instances. */
const checks: Check[] = [
  websocket,
  sticky,
  host,
  address,
  buffering,
  limits,
  settings,
  clocks,
  duplicates,
  secrets,
  events,
];

/** Milliseconds that taking everything back may need for one step. */
const releaseMs = 5_000;

/** Resolves with the exit code: 0 where nothing failed, 1 where something did, 2 where nothing could be checked. */
export const runDoctor = async (argv: string[], io: DoctorIo): Promise<number> => {
  const usage = readUsage(argv);
  if (usage === 'help') {
    io.out(doctorHelp);
    return 0;
  }
  if ('problem' in usage) {
    io.err(`parley doctor: ${usage.problem} See: parley doctor --help`);
    return 2;
  }
  try {
    return await examine(usage, io);
  } catch (error) {
    io.err(
      io.signal.aborted ? 'parley doctor: interrupted.' : `parley doctor: ${usage.url.origin}: ${messageOf(error)}`,
    );
    return 2;
  }
};

const examine = async (usage: Usage, io: DoctorIo): Promise<number> => {
  const { url, timeoutMs, json, quick } = usage;
  const { signal } = io;
  // Each request that waits listens to it.
  setMaxListeners(0, signal);
  const credentials = await credentialsOf(usage, io);
  const certificate = url.protocol === 'https:' ? await inspectCertificate(url, timeoutMs, signal) : undefined;
  // A bad certificate is one finding; the others are looked for all the same, without saying anything secret.
  const lenient = certificate?.problem !== undefined;
  const from = { url, lenient, localAddress: await connectFrom(url) };
  const probe = createProbe({ ...from, timeoutMs, signal });

  const findings: Named[] = [];
  const tell = (name: string, finding: Finding) => {
    const named = { name, ...finding };
    findings.push(named);
    if (!json) for (const line of linesOf(named)) io.out(line);
  };

  const { usable, finding } = await reach(probe);
  tell('reachable', finding);
  tell('tls', judgeTls(url, certificate));
  let instances: string[] = [];
  if (usable) {
    const after = () => createProbe({ ...from, timeoutMs: releaseMs, signal: AbortSignal.timeout(releaseMs * 12) });
    const account = createAccount({ probe, after, trusted: !lenient, ...(credentials && { credentials }) });
    const clients = createClients({ probe, timeoutMs });
    try {
      const context = { probe, account, clients, timeoutMs, survey: await takeSurvey(probe) };
      const slow = quick ? undefined : startSlow(context, io);
      for (const check of checks) tell(check.name, await run(check, context));
      if (slow) tell(timeouts.name, await slow);
      signal.throwIfAborted();
      instances = context.survey.instances();
    } finally {
      await tidy(clients, account, io);
    }
  }
  if (json) io.out(jsonOf(url, instances, findings));
  else io.out(summary(findings));
  return failed(findings) ? 1 : 0;
};

/** Beside the others, as it waits for a heartbeat. */
const startSlow = (context: Context, io: DoctorIo) => {
  const pings = [...context.survey.samples.values()][0]?.[0]?.echo.ping_interval_ms;
  if (pings !== undefined)
    io.err(
      `A quiet connection is held beside the other checks, for ${Math.ceil(pings / 1_000)} s (--quick leaves that out).`,
    );
  const done = run(timeouts, context);
  // It is awaited last; an end before that is no news.
  done.catch(() => undefined);
  return done;
};

/** What a check throws is a failure of the deployment, unless the run was ended. */
const run = async (check: Check, context: Context): Promise<Finding> => {
  const { signal } = context.probe;
  signal.throwIfAborted();
  try {
    const finding = await check.run(context);
    // Some take what was cut off for a finding.
    signal.throwIfAborted();
    return finding;
  } catch (error) {
    signal.throwIfAborted();
    return fail(`it could not be tried: ${messageOf(error)}`, 'Look at the log of the proxy, and ask again.');
  }
};

const tidy = async (clients: Clients, account: Account, io: DoctorIo) => {
  clients.close();
  for (const left of await account.release()) io.err(`parley doctor: ${left}`);
};

const credentialsOf = async ({ user, token }: Usage, io: DoctorIo): Promise<Credentials | undefined> => {
  if (token !== undefined) return { token };
  if (user === undefined) return undefined;
  return { username: user, password: (await io.input()).replace(/\r?\n$/, '') };
};
