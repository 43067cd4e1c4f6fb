import { escapeHidden, printable } from '../table.ts';
import type { Finding } from './finding.ts';

export interface Named extends Finding {
  name: string;
}

const nameWidth = 10;
const indent = ' '.repeat(4 + 2 + nameWidth + 2);

/** `FAIL  sticky      what was seen`, and below it what to do. */
export const linesOf = ({ status, name, seen, remedy }: Named): string[] => [
  `${status.padEnd(4)}  ${name.padEnd(nameWidth)}  ${printable(seen)}`,
  ...(remedy === undefined ? [] : [`${indent}${printable(remedy)}`]),
];

export const failed = (findings: Named[]) => findings.some(({ status }) => status === 'FAIL');

/** `11 ok, 1 FAIL, 1 skip` */
export const summary = (findings: Named[]): string => {
  const counts = new Map<string, number>();
  for (const { status } of findings) counts.set(status, (counts.get(status) ?? 0) + 1);
  return ['ok', 'FAIL', 'WARN', 'skip'].flatMap(s => (counts.has(s) ? `${counts.get(s)} ${s}` : [])).join(', ');
};

export const jsonOf = (url: URL, instances: string[], findings: Named[]) =>
  escapeHidden(
    JSON.stringify(
      {
        url: url.origin,
        result: failed(findings) ? 'failed' : 'ok',
        instances,
        checks: findings.map(({ name, status, seen, remedy }) => ({ name, status, seen, ...(remedy && { remedy }) })),
      },
      null,
      2,
    ),
  );
