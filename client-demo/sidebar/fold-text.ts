/** A text as who looks for it may write it: without accents and capitals. */
export const foldText = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

/** Whether each word of the query stands in one of the texts; both folded. */
export const hasWords = (query: string, texts: readonly string[]) =>
  query.split(/\s+/u).every(word => texts.some(text => text.includes(word)));
