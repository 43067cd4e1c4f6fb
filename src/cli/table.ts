/** What a terminal would obey rather than show: controls (some terminals take C1 for escape sequences), and what reorders text. */
const hidden = /[\p{Cc}\u200E\u200F\u202A-\u202E\u2028\u2029\u2066-\u2069]/gu;

/** Text of other people, fit for a line of a terminal. */
export const printable = (text: string) => text.toWellFormed().replace(hidden, '\uFFFD');

/** The same within JSON, where it stays what it was. Line feeds are JSON's own there. */
export const escapeHidden = (text: string) =>
  text.replace(hidden, found => (found === '\n' ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`));

const wide =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;
const graphemes = new Intl.Segmenter();

/** Columns that a text takes, as nearly as terminals agree. */
const widthOf = (text: string) =>
  [...graphemes.segment(text)].reduce((width, { segment }) => width + (wide.test(segment) ? 2 : 1), 0);

/** Lines of columns under their names; the last column is not filled up. */
export const table = (names: string[], rows: string[][]): string => {
  const all = [names, ...rows.map(row => row.map(printable))];
  const widths = names.map((_, column) => Math.max(...all.map(row => widthOf(row[column] ?? ''))));
  const fill = (text: string, column: number) => text + ' '.repeat((widths[column] ?? 0) - widthOf(text));
  return all.map(row => row.map(fill).join('  ').trimEnd()).join('\n');
};
