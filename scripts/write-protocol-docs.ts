// `npm run docs`: writes the tables of docs/protocol.md from src/protocol. The prose between them is written by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderProtocol } from './protocol-tables.ts';

const file = new URL('../docs/protocol.md', import.meta.url);
writeFileSync(file, renderProtocol(readFileSync(file, 'utf8')));
