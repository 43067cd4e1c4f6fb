import type { Own } from '../command.ts';

/** What it takes to look at a server from outside is loaded only when it is asked for. */
const load = () => import('../doctor/doctor.ts');

export const doctor: Own = {
  name: 'doctor',
  summary: 'Check a running installation from outside, through its proxy',
  help: async () => (await load()).doctorHelp,
  async runOwn(argv, terminal) {
    const stop = new AbortController();
    const abort = () => stop.abort();
    process.once('SIGINT', abort);
    process.once('SIGTERM', abort);
    const { runDoctor } = await load();
    return runDoctor(argv, { out: terminal.stdout, err: terminal.stderr, signal: stop.signal });
  },
};
