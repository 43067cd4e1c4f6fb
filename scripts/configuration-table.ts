import { variables } from '../src/config.ts';

const markers = /(<!-- begin configuration -->\n)[\s\S]*?(<!-- end configuration -->)/;

/** README with its table of settings written anew from src/config.ts. Throws where it has no place for it. */
export const renderConfiguration = (readme: string): string => {
  if (!markers.test(readme)) throw new Error('README.md has no markers for the configuration');
  const rows = Object.values(variables).map(
    ({ name, default: value, allowed, meaning }) =>
      `| \`${name}\` | ${value === '' ? '' : `\`${value}\``} | ${allowed} | ${meaning} |`,
  );
  const table = ['| variable | default | allowed | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return readme.replace(markers, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
};
