// `npm run docs`: writes the tables of docs/protocol.md and README.md, and .env.example, from the code. The prose between them is written by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderConfiguration } from './configuration-table.ts';
import { renderEnvExample } from './env-example.ts';
import { renderProtocol } from './protocol-tables.ts';

const root = new URL('../', import.meta.url);
for (const [path, render] of [
  ['docs/protocol.md', renderProtocol],
  ['README.md', renderConfiguration],
] as const) {
  const file = new URL(path, root);
  writeFileSync(file, render(readFileSync(file, 'utf8')));
}
writeFileSync(new URL('.env.example', root), renderEnvExample());
