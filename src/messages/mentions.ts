import { usernameKey } from '../accounts/username-key.ts';
import type { User } from '../protocol/index.ts';

/** How many people one message can call by name. */
export const maxMentions = 50;
/** A username has at most 20 characters (`fields.username`); longer tokens are nobody. */
const maxUsername = 20;

/** Behind these an `@` is part of an address, a path or another handle. */
const token = /(?<![\p{L}\p{M}\p{N}._+@/-])@([\p{L}\p{M}\p{N}._-]+)/gu;
const trailing = /[._-]+$/u;

export interface MentionTokens {
  /** For each token the names that it may be, the longest first: `@bob.` is `bob.` or, ending a sentence, `bob`. */
  names: string[][];
  all: boolean;
}

/** Finds `@username` and `@all` in a text, each name once, in the order of the text, at most 50. Linear in the text's length. */
export const findMentions = (text: string): MentionTokens => {
  const names = new Map<string, string[]>();
  let all = false;
  if (!text.includes('@')) return { names: [], all };
  for (const match of text.matchAll(token)) {
    if (text[match.index + match[0].length] === '@') continue;
    const whole = match[1] ?? '';
    const bare = whole.replace(trailing, '');
    if (usernameKey(bare) === 'all') all = true;
    else {
      const candidates = [...new Set([whole, bare])].filter(name => name !== '' && [...name].length <= maxUsername);
      if (candidates.length > 0) names.set(usernameKey(whole), candidates);
    }
    if (names.size >= maxMentions) break;
  }
  return { names: [...names.values()], all };
};

/** What `findMentions` found, as people, each once. */
export const resolveMentions = async (
  { names }: MentionTokens,
  people: { byUsernames(names: string[]): Promise<Map<string, User>> },
): Promise<string[]> => {
  if (names.length === 0) return [];
  const found = await people.byUsernames(names.flat());
  const ids = names.map(candidates => candidates.map(name => found.get(usernameKey(name))).find(Boolean)?.id);
  return [...new Set(ids.filter(id => id !== undefined))];
};
