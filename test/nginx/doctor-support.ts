import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNginx, type Upstream } from '../../scripts/servers/nginx.ts';
import { runDoctor } from '../../src/cli/doctor/doctor.ts';
import { temporaryFolder } from '../support/server.ts';

export interface Diagnosis {
  code: number;
  result: string;
  instances: string[];
  /** By the check's name. */
  found: Record<string, { status: string; seen: string; remedy?: string }>;
  /** The names of the checks that did not end as ok, with how. */
  wrong: Record<string, string>;
  err: string[];
}

export interface AskOptions {
  input?: string;
  signal?: AbortSignal;
}

/** What `parley doctor URL ...` prints, as it is, and its exit code. */
export const ask = async (args: string[], { input = '', signal = new AbortController().signal }: AskOptions = {}) => {
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await runDoctor(args, { ...io, input: async () => input, signal });
  return { code, out, err };
};

export const diagnose = async (url: string, args: string[] = [], options: AskOptions = {}): Promise<Diagnosis> => {
  const { code, out, err } = await ask([url, '--json', ...args], options);
  const { result, instances, checks } = JSON.parse(out.join('\n'));
  const found: Diagnosis['found'] = {};
  for (const { name, ...finding } of checks) found[name] = finding;
  const wrong = Object.entries(found).filter(([, { status }]) => status !== 'ok');
  return {
    code,
    result,
    instances,
    found,
    wrong: Object.fromEntries(wrong.map(([name, { status }]) => [name, status])),
    err,
  };
};

const production = fileURLToPath(new URL('../../nginx/nginx.conf', import.meta.url));

/** nginx with the configuration of production, made wrong: each pattern must be there. */
export const startWrongNginx = async (instances: Upstream[], ...changes: [pattern: RegExp, by: string][]) => {
  const folder = temporaryFolder();
  let text = readFileSync(production, 'utf8');
  for (const [pattern, by] of changes) {
    const changed = text.replaceAll(pattern, by);
    if (changed === text) throw new Error(`nothing to change: ${pattern}`);
    text = changed;
  }
  const template = join(folder, 'template.conf');
  writeFileSync(template, text);
  return startNginx({ folder, instances, template });
};

export const upstreamsOf = (servers: { url: string; config: { instanceId: string } }[]): Upstream[] =>
  servers.map(({ url, config }) => ({ name: config.instanceId, port: Number(new URL(url).port) }));
