import type { Own } from '../command.ts';

/** What it takes to look at a server from outside is loaded only when it is asked for. */
const load = () => import('../doctor/doctor.ts');

/** More than any password has. */
const maxInputBytes = 4_096;

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
    const { line: out, note: err, readInput } = terminal;
    return runDoctor(argv, { out, err, input: () => readInput(maxInputBytes), signal: stop.signal });
  },
};
