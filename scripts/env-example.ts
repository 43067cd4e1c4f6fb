import { type Variable, variables } from '../src/config.ts';

const preamble = `# Every setting of Parley, each at its default. Copy this file to .env and change what you need; a variable of the real
# environment wins over the file. A wrong value stops the server from starting, and says what is allowed.
`;

/** `.env.example`, from the settings themselves. */
export const renderEnvExample = () =>
  [
    preamble,
    ...Object.values<Variable<unknown>>(variables).map(
      ({ name, default: value, allowed, meaning }) => `# ${meaning}\n# Allowed: ${allowed}.\n#${name}=${value}\n`,
    ),
  ].join('\n');
