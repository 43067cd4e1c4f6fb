/** The beginning of a text, at most `max` UTF-16 units, for a preview; never half a character. */
export const excerpt = (text: string, max = 140): string => {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
};
