/**
 * FTS5's separators are whatever is neither letter, number, mark nor private use; this finds the same words, so that a piece
 * of the question which holds no word (`!!!`, an emoji) is left out: FTS5 would take it as a phrase that matches nothing.
 */
const holdsWord = /[\p{L}\p{N}\p{Co}]/u;

/** The prefix index begins at two characters; a single letter or digit would walk the whole vocabulary, so it must match whole. */
const tooShortForPrefix = /^[\x21-\x7e]$/;

/** As one FTS5 string, whatever it holds: nothing of a user's text is ever syntax. */
const quote = (text: string) => `"${text.replaceAll('"', '""').replaceAll('\0', '')}"`;

const words = (q: string) => q.split(/\s+/u).filter(word => holdsWord.test(word));

/** Ids as tokens that the tokenizer neither splits nor folds together, as it would `aB-c`. */
export const conversationToken = (id: string) => `c${Buffer.from(id).toString('hex')}`;
export const personToken = (id: string) => `u${Buffer.from(id).toString('hex')}`;

/** What is stored beside a text so that FTS5 itself can keep to conversations and people. */
export const scopeOf = (conversation_id: string, from: string) =>
  `${conversationToken(conversation_id)} ${personToken(from)}`;

/** The FTS5 expression for plain words within conversations; undefined where the question holds no word, or no conversation is given. */
export const matchExpression = (q: string, conversation_ids: string[], from?: string): string | undefined => {
  const terms = words(q).map(word => quote(word) + (tooShortForPrefix.test(word) ? '' : '*'));
  if (terms.length === 0 || conversation_ids.length === 0) return undefined;
  const scopes = conversation_ids.map(id => `"${conversationToken(id)}"`);
  const within = `{text} : (${terms.join(' AND ')}) AND {scope} : (${scopes.join(' OR ')})`;
  return from === undefined ? within : `${within} AND {scope} : "${personToken(from)}"`;
};
