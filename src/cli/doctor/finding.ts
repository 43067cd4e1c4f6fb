export type Status = 'ok' | 'FAIL' | 'WARN' | 'skip';

/** What a check found. `remedy` says what to change, in plain words; only `ok` has none. */
export interface Finding {
  status: Status;
  seen: string;
  remedy?: string;
}

export const ok = (seen: string): Finding => ({ status: 'ok', seen });
export const fail = (seen: string, remedy: string): Finding => ({ status: 'FAIL', seen, remedy });
export const warn = (seen: string, remedy: string): Finding => ({ status: 'WARN', seen, remedy });
export const skip = (seen: string, remedy: string): Finding => ({ status: 'skip', seen, remedy });

const severity: Record<Status, number> = { skip: 0, ok: 1, WARN: 2, FAIL: 3 };

/** One finding for several: the worst, with what the others of its kind saw; what was not tried counts where nothing was. */
export const worst = (findings: Finding[]): Finding => {
  const status = findings.reduce<Status>((a, b) => (severity[b.status] > severity[a] ? b.status : a), 'skip');
  const of = findings.filter(finding => finding.status === status);
  const remedies = [...new Set(of.flatMap(({ remedy }) => remedy ?? []))];
  return {
    status,
    seen: [...new Set(of.map(({ seen }) => seen))].join('; '),
    ...(remedies.length > 0 && { remedy: remedies.join(' ') }),
  };
};

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** `1.2 s`, or milliseconds below a second. */
export const duration = (ms: number) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
