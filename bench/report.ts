import { appendFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

export interface Comparison {
  what: string;
  unit: string;
  /** Medians of the rounds. */
  parley: number;
  bare: number;
  all: Record<'parley' | 'bare', number[]>;
  /** `bare/ours` should be at least, `ours/bare` at most the value. */
  aim?: { ratio: 'bare/ours' | 'ours/bare'; value: number };
  notes?: Record<'parley' | 'bare', string>;
}

const verdict = ({ parley, bare, aim }: Comparison) => {
  if (!aim) return `bare/ours ${(bare / parley).toFixed(2)} |`;
  const ratio = aim.ratio === 'bare/ours' ? bare / parley : parley / bare;
  const met = aim.ratio === 'bare/ours' ? ratio >= aim.value : ratio <= aim.value;
  // A memory that shrank is a failed measurement, not a good one.
  if (!(ratio > 0)) return `${aim.ratio} not measurable | `;
  const bound = aim.ratio === 'bare/ours' ? 'at least' : 'at most';
  return `${aim.ratio} ${ratio.toFixed(2)} | ${bound} ${aim.value.toFixed(2)}: ${met ? 'met' : 'missed'}`;
};

const spread = (values: number[]) => `${Math.min(...values).toFixed(0)}-${Math.max(...values).toFixed(0)}`;

const row = (result: Comparison) =>
  `| ${result.what} | ${result.unit} | ${result.parley.toFixed(1)} (${spread(result.all.parley)}) | ${result.bare.toFixed(1)} (${spread(result.all.bare)}) | ${verdict(result)} |`;

/** One result as a line, for who waits. */
export const progress = (result: Comparison) => row(result).slice(2, -2);

/** The results as a section of bench/RESULTS.md. */
export const report = (results: Comparison[], run: { rounds: number; quick: boolean; commit: string }) => {
  const [cpu] = cpus();
  return [
    `## ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${run.commit}${run.quick ? ' (quick)' : ''}`,
    '',
    `${availableParallelism()} cores (${cpu?.model ?? 'unknown'}), Node ${process.version}, ${process.platform}; median of ${run.rounds} interleaved rounds (lowest-highest).`,
    '',
    '| per | unit | Parley | bare | ratio | aim |',
    '| --- | --- | --- | --- | --- | --- |',
    ...results.map(row),
    '',
    ...results.flatMap(({ what, notes }) => (notes ? [`- ${what}: Parley ${notes.parley}; bare ${notes.bare}.`] : [])),
    '',
  ].join('\n');
};

export const save = (file: string, text: string) => appendFileSync(file, `\n${text}`);
